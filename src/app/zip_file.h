#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/temporary_folder.h"

namespace rearview {

/// Writes a ZIP file, one file after the other, without compressing what is compressed already.
class ZipWriter {
 public:
  /// Throws std::runtime_error, as all of this does.
  explicit ZipWriter(const std::filesystem::path& out);
  ~ZipWriter();
  ZipWriter(const ZipWriter&) = delete;
  ZipWriter& operator=(const ZipWriter&) = delete;

  void add(const std::string& name, const std::string& bytes);
  void add(const std::string& name, const std::filesystem::path& file);
  /// It is whole, and on disk as far as close() tells.
  void finish();

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

/// A folder with what was in a ZIP file, which goes with its object.
class UnzippedFolder {
 public:
  /// Throws UsageError for what is no ZIP file, or has anything in it but a bounded number of plain
  /// files without folders, or more bytes than its bound.
  explicit UnzippedFolder(const std::filesystem::path& zip);

  /// In the order of the ZIP file.
  const std::vector<std::filesystem::path>& files() const { return files_; }

 private:
  TemporaryFolder folder_;
  std::vector<std::filesystem::path> files_;
};

}  // namespace rearview

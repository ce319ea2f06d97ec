#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

namespace rearview {

/// The disk doesn't take a result: nothing is wrong with the recording.
class FolderFailed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Where results lie: NAME.jsonl.zst with the lines and NAME.json with what they are. Several
/// programs, on several machines, may write in it. One thread at a time.
class ResultFolder {
 public:
  /// Makes the folder where it is missing, and sweeps what killed programs have left for a day.
  /// Throws UsageError where nothing can be written in it.
  explicit ResultFolder(std::filesystem::path folder);

  /// Whether the result of this name is there, whole.
  bool has(const std::string& name) const;

  /// Whether its disk takes a large result now.
  bool has_room() const;

  /// What is known of a result that is there; an empty object where that can't be read.
  nlohmann::json about(const std::string& name) const;

  /// A file under a name of its own, which nobody takes for a result. It goes when it isn't given
  /// its name.
  class File {
   public:
    /// Throws FolderFailed, as all here do when the disk doesn't take it.
    File(const std::filesystem::path& folder, const std::string& name);
    ~File();
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    void write(std::string_view bytes);
    /// Has the disk set so much aside for it.
    void reserve(std::int64_t bytes);
    /// On the disk, under its name.
    void publish();

   private:
    [[noreturn]] void fail(int error) const;

    std::filesystem::path name_;
    std::string part_;
    int descriptor_;
  };

  /// One result as it comes.
  class Writer {
   public:
    Writer(const ResultFolder& folder, const std::string& name);
    ~Writer();

    /// One line, without its end.
    void line(std::string_view text);
    /// Both files are on the disk when it returns, and are a result from then on.
    void finish(const nlohmann::ordered_json& about);

   private:
    void compress(std::string_view bytes, bool end);

    const std::filesystem::path& folder_;
    std::string name_;
    File lines_;
    struct Zstd;
    std::unique_ptr<Zstd> zstd_;
  };

 private:
  std::filesystem::path folder_;
};

}  // namespace rearview

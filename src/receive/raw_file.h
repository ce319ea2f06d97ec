#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace rearview {

/// A file that holds a raw H.264 byte stream. One thread.
class RawFile {
 public:
  /// Takes what comes next; less than the target holds only at the end. Throws
  /// std::runtime_error when the file can't be read.
  std::size_t read(std::span<std::uint8_t> target);
  void rewind();

 private:
  friend std::optional<RawFile> open_raw_file(const std::string& input);
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  explicit RawFile(std::FILE* file) : file_(file) {}
  std::unique_ptr<std::FILE, Closer> file_;
};

/// Opens the input if it is a file and holds raw H.264, by its name (.h264, .264, .avc, .h26l) or
/// its first bytes; nullopt when it is something else, for libavformat to open. Throws UsageError
/// when it is a file that can't be opened.
std::optional<RawFile> open_raw_file(const std::string& input);

}  // namespace rearview

#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace rearview {

/// A file, a pipe or standard input (/dev/stdin). Waiting for a pipe ends at the stop token. One
/// thread.
class InputFile {
 public:
  /// Throws UsageError when it can't be opened or read.
  InputFile(const std::string& path, std::stop_token stop);

  const std::string& path() const { return path_; }
  /// Its first bytes, some thousand unless it is shorter; they are read again by read().
  std::span<const std::uint8_t> head() const { return head_; }
  /// Raw H.264 by its name (.h264, .264, .avc, .h26l) or its first bytes.
  bool holds_raw_h264() const;
  /// It can be read again from its beginning; a pipe can't.
  bool can_rewind() const { return can_rewind_; }

  /// Takes what comes next, waits for it where it must; 0 at the end, and when stopped. Throws
  /// std::runtime_error when it can't be read.
  std::size_t read(std::span<std::uint8_t> target);
  /// To the beginning. Only where can_rewind().
  void rewind();

 private:
  std::size_t read_on(std::span<std::uint8_t> target);

  class Descriptor {
   public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor();
    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor& operator=(Descriptor&&) = delete;
    int number() const { return number_; }

   private:
    int number_;
  };

  std::string path_;
  std::stop_token stop_;
  Descriptor descriptor_;
  bool can_rewind_ = false;
  std::vector<std::uint8_t> head_;
  std::size_t head_given_ = 0;
};

}  // namespace rearview

#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace rearview {

/// A descriptor that takes bytes without ever making its writer wait. One thread.
class Output {
 public:
  /// Takes a connected socket over.
  static Output socket(int fd);
  /// The program's standard output or error. The description that a shell shares with us is left
  /// as it is. Throws std::system_error when it is closed.
  static Output standard_output();
  static Output standard_error();
  Output(Output&& other) noexcept;
  Output& operator=(Output&&) = delete;
  ~Output();

  /// How many bytes it took: 0, when it takes none now; nullopt, when nobody is there any more.
  std::optional<std::size_t> write(std::string_view bytes) const;
  /// For poll().
  int fd() const { return fd_; }

 private:
  static Output standard(int number);
  Output(int fd, bool socket) : fd_(fd), socket_(socket) {}

  int fd_;
  bool socket_;
};

}  // namespace rearview

#pragma once

#include <filesystem>
#include <optional>

#include "base/output.h"

namespace rearview {

/// A Unix socket that others connect to: user and group may. One thread.
class UnixListener {
 public:
  /// Replaces a socket that a program left behind. Throws std::runtime_error when another program
  /// listens there, when something else has that name, or when the system refuses.
  explicit UnixListener(const std::filesystem::path& path);
  /// Closes and removes it.
  ~UnixListener();
  UnixListener(const UnixListener&) = delete;
  UnixListener& operator=(const UnixListener&) = delete;

  /// nullopt when nobody waits.
  std::optional<Output> accept();
  /// For poll().
  int fd() const { return fd_; }

 private:
  const std::filesystem::path path_;
  int fd_;
};

}  // namespace rearview

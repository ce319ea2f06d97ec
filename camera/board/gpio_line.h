#pragma once

#include <memory>

namespace rearview::camera {

/// A line of a GPIO chip, through libgpiod 1 or 2. Thread-safe as far as the kernel is: each call
/// is one request to it.
class GpioLine {
 public:
  enum class Use { output, pulled_down_input };
  /// chip: the device's path. Throws std::exception where the line can't be had.
  GpioLine(const char* chip, unsigned number, Use use);
  ~GpioLine();
  GpioLine(GpioLine&&) noexcept;
  GpioLine& operator=(GpioLine&&) noexcept;

  /// Both throw std::system_error.
  bool get() const;
  void set(bool on);

 private:
  struct Request;
  std::unique_ptr<Request> request_;
};

}  // namespace rearview::camera

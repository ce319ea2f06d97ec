#include "camera/board/device_board.h"

#include <fcntl.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <optional>
#include <system_error>

#include "base/log.h"
#include "base/mutex.h"
#include "camera/board/gpio_line.h"

namespace rearview::camera {
namespace {

constexpr const char* kI2c = "/dev/i2c-1";
constexpr const char* kGpio = "/dev/gpiochip0";
constexpr const char* kThermal = "/sys/class/thermal/thermal_zone0/temp";
constexpr std::uint16_t kGaugeAddress = 0x36;
constexpr std::uint8_t kVcell = 0x02;
constexpr std::uint8_t kSoc = 0x04;
constexpr std::uint8_t kRate = 0x16;
constexpr unsigned kLedLine = 21;
constexpr unsigned kShutdownLine = 17;

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

int open_or_warn(const char* path) {
  const int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) log::warning("board", "missing", {{"part", path}, {"why", std::strerror(errno)}});
  return fd;
}

/// A line of the first GPIO chip; none where it can't be had.
std::optional<GpioLine> request_line(unsigned number, GpioLine::Use use) {
  try {
    return GpioLine(kGpio, number, use);
  } catch (const std::exception& e) {
    log::warning("board", "GPIO line missing",
                 {{"chip", kGpio}, {"line", number}, {"why", e.what()}});
    return std::nullopt;
  }
}

class DeviceBoard : public Board {
 public:
  DeviceBoard()
      : i2c_(open_or_warn(kI2c)),
        led_(request_line(kLedLine, GpioLine::Use::output)),
        button_(request_line(kShutdownLine, GpioLine::Use::pulled_down_input)) {}

  std::optional<double> battery_percent() override {
    const auto soc = gauge(kSoc);
    return soc ? std::optional(gauge_percent(*soc)) : std::nullopt;
  }
  std::optional<double> battery_mv() override {
    const auto vcell = gauge(kVcell);
    return vcell ? std::optional(gauge_mv(*vcell)) : std::nullopt;
  }
  std::optional<bool> charging() override {
    const auto rate = gauge(kRate);
    return rate ? std::optional(gauge_percent_per_h(*rate) > 0) : std::nullopt;
  }
  std::optional<double> cpu_temp_c() override {
    std::ifstream in(kThermal);
    double millidegrees = 0;
    if (!(in >> millidegrees)) return std::nullopt;
    return millidegrees / 1000;
  }
  bool shutdown_pressed() override {
    try {
      return button_ && button_->get();
    } catch (const std::system_error&) {
      return false;
    }
  }
  void set_led(bool on) override {
    try {
      if (led_) led_->set(on);
    } catch (const std::system_error&) {
      // A dark LED is no reason to stop.
    }
  }

 private:
  /// One 16-bit register, high byte first, in one transaction.
  std::optional<std::uint16_t> gauge(std::uint8_t address) {
    if (i2c_.get() < 0) return std::nullopt;
    std::array<std::uint8_t, 2> answer{};
    std::array<i2c_msg, 2> messages{
        {{kGaugeAddress, 0, 1, &address}, {kGaugeAddress, I2C_M_RD, 2, answer.data()}}};
    i2c_rdwr_ioctl_data transfer{messages.data(), 2};
    const MutexLock lock(i2c_mutex_);
    if (ioctl(i2c_.get(), I2C_RDWR, &transfer) < 0) return std::nullopt;
    return static_cast<std::uint16_t>(answer[0] << 8 | answer[1]);
  }

  Mutex i2c_mutex_;
  Descriptor i2c_;
  std::optional<GpioLine> led_;
  std::optional<GpioLine> button_;
};

}  // namespace

std::unique_ptr<Board> make_device_board() {
  return std::make_unique<DeviceBoard>();
}

}  // namespace rearview::camera

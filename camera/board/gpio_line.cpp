#include "camera/board/gpio_line.h"

#include <gpiod.hpp>

#include <utility>

namespace rearview::camera {
namespace {

constexpr const char* kConsumer = "rearview-camera";

}  // namespace

#if __has_include(<gpiodcxx/chip.hpp>)  // libgpiod 2

struct GpioLine::Request {
  gpiod::line::offset number;
  gpiod::line_request request;

  static gpiod::line_settings settings(Use use) {
    gpiod::line_settings settings;
    if (use == Use::output)
      settings.set_direction(gpiod::line::direction::OUTPUT);
    else
      settings.set_direction(gpiod::line::direction::INPUT).set_bias(gpiod::line::bias::PULL_DOWN);
    return settings;
  }
  Request(const char* chip, unsigned line, Use use)
      : number(line),
        request(gpiod::chip(chip)
                    .prepare_request()
                    .set_consumer(kConsumer)
                    .add_line_settings(number, settings(use))
                    .do_request()) {}
  bool get() { return request.get_value(number) == gpiod::line::value::ACTIVE; }
  void set(bool on) {
    request.set_value(number, on ? gpiod::line::value::ACTIVE : gpiod::line::value::INACTIVE);
  }
};

#else

struct GpioLine::Request {
  gpiod::line line;

  Request(const char* chip, unsigned number, Use use)
      : line(gpiod::chip(chip, gpiod::chip::OPEN_BY_PATH).get_line(number)) {
    if (use == Use::output)
      line.request({kConsumer, gpiod::line_request::DIRECTION_OUTPUT, {}});
    else
      line.request({kConsumer, gpiod::line_request::DIRECTION_INPUT,
                    gpiod::line_request::FLAG_BIAS_PULL_DOWN});
  }
  bool get() { return line.get_value() == 1; }
  void set(bool on) { line.set_value(on ? 1 : 0); }
};

#endif

GpioLine::GpioLine(const char* chip, unsigned number, Use use)
    : request_(std::make_unique<Request>(chip, number, use)) {}
GpioLine::~GpioLine() = default;
GpioLine::GpioLine(GpioLine&&) noexcept = default;
GpioLine& GpioLine::operator=(GpioLine&&) noexcept = default;

bool GpioLine::get() const {
  return request_->get();
}

void GpioLine::set(bool on) {
  request_->set(on);
}

}  // namespace rearview::camera

#include "camera/libav.h"

extern "C" {
#include <libavdevice/version.h>
#include <libavutil/error.h>
#include <libavutil/log.h>
}

#include <dlfcn.h>
#include <fmt/format.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <new>
#include <stdexcept>
#include <string_view>

#include "base/log.h"

namespace rearview::camera {
namespace {

void log_line(void* context, int level, const char* format, va_list arguments) {
  if (level > AV_LOG_ERROR) return;
  std::array<char, 512> text{};
  std::vsnprintf(text.data(), text.size(), format, arguments);
  std::string_view line(text.data());
  while (!line.empty() && line.back() == '\n') line.remove_suffix(1);
  const AVClass* const* described = static_cast<AVClass**>(context);
  log::debug("libav", line, {{"from", described && *described ? (*described)->class_name : "-"}});
}

}  // namespace

AvFrame make_av_frame() {
  AvFrame frame(av_frame_alloc());
  if (!frame) throw std::bad_alloc();
  return frame;
}

AvPacket make_av_packet() {
  AvPacket packet(av_packet_alloc());
  if (!packet) throw std::bad_alloc();
  return packet;
}

std::string av_error(int code) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
  av_strerror(code, text.data(), text.size());
  return text.data();
}

void prepare_libav() {
  av_log_set_callback(log_line);
}

void load_libavdevice() {
  const std::string name = fmt::format("libavdevice.so.{}", LIBAVDEVICE_VERSION_MAJOR);
  void* library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);  // stays, as what it registers does
  void* register_all = library != nullptr ? dlsym(library, "avdevice_register_all") : nullptr;
  if (register_all == nullptr)
    throw std::runtime_error(fmt::format(
        "v4l2 devices are read by {}, which can't be loaded (package libavdevice{}): {}", name,
        LIBAVDEVICE_VERSION_MAJOR, dlerror()));
  reinterpret_cast<void (*)()>(register_all)();
}

}  // namespace rearview::camera

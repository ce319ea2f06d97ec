#include "site/access/qr_code.h"

#include <fmt/core.h>
#include <qrencode.h>

#include <memory>
#include <stdexcept>

namespace rearview {
namespace {

constexpr int kQuiet = 4;  // modules round the code (ISO/IEC 18004)

}  // namespace

QrCode::QrCode(const std::string& text) {
  const std::unique_ptr<QRcode, void (*)(QRcode*)> code(
      QRcode_encodeString8bit(text.c_str(), 0, QR_ECLEVEL_M), QRcode_free);
  if (!code) throw std::runtime_error("the address is too long for a QR code");
  width_ = code->width;
  modules_.assign(code->data, code->data + width_ * width_);
}

bool QrCode::dark(int x, int y) const {
  if (x < 0 || y < 0 || x >= width_ || y >= width_) return false;
  return (modules_[static_cast<std::size_t>(y * width_ + x)] & 1) != 0;
}

std::string QrCode::svg() const {
  std::string path;
  for (int y = 0; y < width_; ++y) {
    for (int x = 0; x < width_; ++x) {
      if (dark(x, y)) path += fmt::format("M{} {}h1v1h-1z", x + kQuiet, y + kQuiet);
    }
  }
  return fmt::format(
      R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {0}" shape-rendering="crispEdges">)"
      R"(<path fill="#fff" d="M0 0h{0}v{0}H0z"/><path d="{1}"/></svg>)",
      width_ + 2 * kQuiet, path);
}

std::string QrCode::terminal() const {
  std::string text;
  for (int y = -kQuiet; y < width_ + kQuiet; y += 2) {
    text += "\x1b[30;47m";
    for (int x = -kQuiet; x < width_ + kQuiet; ++x) {
      const bool upper = dark(x, y);
      const bool lower = dark(x, y + 1);
      text += upper && lower ? "█" : upper ? "▀" : lower ? "▄" : " ";
    }
    text += "\x1b[0m\n";
  }
  return text;
}

}  // namespace rearview

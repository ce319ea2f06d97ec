#pragma once

#include <string>

namespace rearview {

/// The text as a QR code (libqrencode, error correction M) with its quiet zone. Throws
/// std::runtime_error for a text that is too long.
class QrCode {
 public:
  explicit QrCode(const std::string& text);

  /// Black on white, scales to any size.
  std::string svg() const;
  /// For a terminal, two rows of modules a line, dark on light whatever its colours are.
  std::string terminal() const;

 private:
  bool dark(int x, int y) const;

  std::string modules_;  ///< one a byte, row by row
  int width_ = 0;
};

}  // namespace rearview

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/clock.h"

namespace rearview::camera {

/// The access unit delimiter that ends each coded picture on the wire; primary_pic_type 7 (any
/// slice type), since the next picture is not known yet (ITU-T H.264, 7.3.2.4).
inline constexpr std::array<std::uint8_t, 6> kDelimiter{0, 0, 0, 1, 0x09, 0xf0};

/// One coded picture as every client gets it: Annex-B with 4-byte start codes, SPS and PPS in
/// front of an IDR, and behind the last slice the delimiter that opens the next picture, so that a
/// receiver knows at once that this one is whole.
struct CodedPicture {
  std::vector<std::uint8_t> bytes;
  bool idr = false;
  SteadyTime captured;    ///< when the picture was taken or, from a file, due
  SteadyTime encoder_in;  ///< when it went into the encoder; passed through: when it was due

  /// Without the delimiter that belongs to the next picture.
  std::span<const std::uint8_t> picture() const {
    return std::span(bytes).first(bytes.size() - kDelimiter.size());
  }
};

/// Shared by all that send or store it; nobody writes to it any more.
using CodedPicturePtr = std::shared_ptr<const CodedPicture>;

}  // namespace rearview::camera

#pragma once

#include "camera/libav.h"

namespace rearview::camera {

/// Brings pictures of any size, format and colour space into the encoder's: planar 4:2:0, BT.601
/// matrix, limited range. The whole picture is kept and stays undistorted: what it leaves free is
/// black. One thread.
class PictureConverter {
 public:
  /// Even sizes.
  PictureConverter(int width_px, int height_px);

  /// A new picture with buffers of its own. Throws std::runtime_error for a format that can't be
  /// converted.
  AvFrame convert(const AVFrame& from);

 private:
  struct Rect {
    int x, y, width, height;
  };
  Rect fit(const AVFrame& from) const;

  int width_px_;
  int height_px_;
  AvScaler scaler_;
};

}  // namespace rearview::camera

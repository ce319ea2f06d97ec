#pragma once

#include <array>

#include "analyse/view/picture_content.h"

namespace rearview {

/// Remembers in which patches this camera's pictures usually show something, so that a cover is
/// known by what it takes away, whatever its shape, and so is a camera that has slipped. What is
/// dark by night shows now this and now that, and isn't remembered. One thread.
class UsualDetail {
 public:
  /// content: of the newest picture. stands_out: a step of so many grey levels is something. t_s:
  /// of the picture. Returns the share of what is usual that it still shows; 1 while too little is
  /// known, or nothing else than night. What is gone isn't forgotten before long.
  double kept(const PictureContent& content, double stands_out, double t_s);
  void reset() { *this = {}; }

 private:
  struct Usual {
    double shows = 0;  ///< share of the time
    double luma = 0;
  };
  std::array<Usual, PictureContent::kPatches> usual_{};
  double known_s_ = 0;  ///< for how long it was watched
  double last_s_ = 0;
  bool begun_ = false;
};

}  // namespace rearview

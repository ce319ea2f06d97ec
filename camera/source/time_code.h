#pragma once

#include <opencv2/core/mat.hpp>

#include "base/clock.h"

namespace rearview::camera {

/// Stamps a picture with the moment it was made, readable after encoding, so that whoever shows it
/// on the same machine can measure its age. 40 squares in a row near the lower edge, white for 1,
/// highest bit first: 32 bits of the monotonic clock in units of 100 microseconds, then the sum of
/// those four bytes modulo 256. tests/bench/time_code.py reads it.
/// bgr: CV_8UC3, at least 80x48.
void draw_time_code(cv::Mat& bgr, SteadyTime now);

}  // namespace rearview::camera

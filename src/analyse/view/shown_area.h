#pragma once

#include <opencv2/core.hpp>
#include <optional>

namespace rearview {

/// Finds black bars about a picture that was made for another shape: a vehicle that reaches a bar
/// has reached the edge of what is seen. A bar is dark and plain, ends in a straight sharp edge,
/// and stays for a second; it is given up at once when something shows in it. Where something was
/// seen up to the edge for a second, no bar comes later: that would be a cover.
class ShownArea {
 public:
  /// luma: CV_8UC1.
  cv::Rect update(const cv::Mat& luma, double t_s);
  void reset() { *this = ShownArea(); }

 private:
  struct Bar {
    int width = 0;      ///< in force
    int candidate = 0;  ///< waiting to be in force
    double since_s = 0;
    std::optional<double> shows_since_s;  ///< something at the picture's very edge
    bool open = false;                    ///< and for long enough
  };
  void settle(Bar& bar, int dark, int sharp, double t_s);

  cv::Size size_;
  Bar left_, right_, top_, bottom_;
};

}  // namespace rearview

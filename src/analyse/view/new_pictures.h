#pragma once

#include <deque>
#include <opencv2/core.hpp>

namespace rearview {

/// Tells how many pictures a second show something new where a camera, a recorder or a link
/// repeats the old one in between: in a scene that moves much, each new picture is a leap behind
/// pictures that hardly differ. Where little moves nothing can be told, and nothing needs to be.
/// One thread.
class NewPictures {
 public:
  /// cells: CV_8UC1, means of the picture's cells, always as many; kept. t_s rises.
  void see(const cv::Mat& cells, double t_s);
  /// 0: no picture is known to be a repeat.
  double rate_per_s() const { return rate_per_s_; }
  void reset() { *this = NewPictures(); }

 private:
  struct Change {
    double t_s;
    double luma;  ///< mean difference to the picture before, grey levels
  };

  double rate_of_leaps() const;

  cv::Mat last_;
  std::deque<Change> changes_;
  double rate_per_s_ = 0;
};

}  // namespace rearview

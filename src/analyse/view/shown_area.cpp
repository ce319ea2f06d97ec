#include "analyse/view/shown_area.h"

#include <algorithm>
#include <vector>

#include "analyse/view/tuning.h"

namespace rearview {
namespace {

using namespace view_tuning::shown_area;

struct Line {
  const cv::Mat& luma;
  bool columns;
  bool from_end;

  int count() const { return columns ? luma.cols : luma.rows; }
  int length() const { return columns ? luma.rows : luma.cols; }
  int at(int line, int along) const {
    const int i = from_end ? count() - 1 - line : line;
    return columns ? luma.at<std::uint8_t>(along, i) : luma.at<std::uint8_t>(i, along);
  }
};

// How many lines from this side on are dark and plain.
int dark_lines(const Line& line) {
  const int most = static_cast<int>(kMostBar * line.count());
  for (int i = 0; i < most; ++i) {
    int least = 255;
    int greatest = 0;
    for (int along = 0; along < line.length(); along += kEveryPixel) {
      least = std::min(least, line.at(i, along));
      greatest = std::max(greatest, line.at(i, along));
    }
    if (greatest > kDark || greatest - least > kPlain) return i;
  }
  return most;
}

bool sharp_after(const Line& line, int dark) {
  if (dark < kLeastBar_px || dark + kEdgeReach_px + 1 >= line.count()) return false;
  int steps = 0;
  int all = 0;
  for (int along = 0; along < line.length(); along += kEveryPixel, ++all)
    steps +=
        line.at(dark + kEdgeReach_px, along) - line.at(dark - 1 - kEdgeReach_px, along) >= kStep;
  return steps > kEdgeShare * all;
}

}  // namespace

void ShownArea::settle(Bar& bar, int dark, int sharp, double t_s) {
  if (dark + kSlack_px < bar.width) bar.width = 0;  // something shows in the bar
  if (dark > kSlack_px)
    bar.shows_since_s.reset();
  else if (!bar.shows_since_s)
    bar.shows_since_s = t_s;
  else if (t_s - *bar.shows_since_s >= kOpen_s)
    bar.open = true;
  if (bar.open) return;
  if (sharp > 0 && std::abs(sharp - bar.candidate) <= kSlack_px) {
    if (t_s - bar.since_s >= kSettle_s) bar.width = sharp;
    return;
  }
  if (sharp == 0 && bar.width > 0) return;  // dark content: the bar stays as it is
  bar.candidate = sharp;
  bar.since_s = t_s;
}

cv::Rect ShownArea::update(const cv::Mat& luma, double t_s) {
  if (luma.size() != size_) {
    reset();
    size_ = luma.size();
  }
  const auto look = [&](Bar& bar, bool columns, bool from_end) {
    const Line line{luma, columns, from_end};
    const int dark = dark_lines(line);
    settle(bar, dark, sharp_after(line, dark) ? dark : 0, t_s);
  };
  look(left_, true, false);
  look(right_, true, true);
  look(top_, false, false);
  look(bottom_, false, true);
  return {left_.width, top_.width, luma.cols - left_.width - right_.width,
          luma.rows - top_.width - bottom_.width};
}

}  // namespace rearview

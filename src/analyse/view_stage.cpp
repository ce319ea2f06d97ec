#include "analyse/view_stage.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace rearview {
namespace {

constexpr int kQuarter = 4;
// A sensor's noise changes every picture; coding of one and the same picture leaves this much.
constexpr double kSameMean = 0.02;
constexpr double kSameMost = 3;

using Histogram = std::array<int, 256>;

int percentile(const Histogram& counts, double share) {
  int all = 0;
  for (const int n : counts) all += n;
  const auto wanted = static_cast<int>(share * all);
  int sum = 0;
  for (int value = 0; value < 256; ++value) {
    sum += counts[static_cast<std::size_t>(value)];
    if (sum > wanted) return value;
  }
  return 255;
}

}  // namespace

ViewConfig ViewConfig::read(ConfigReader& reader) {
  ViewConfig config;
  reader.number("enter_s", config.enter_s, 0, 30);
  reader.number("leave_s", config.leave_s, 0, 30);
  reader.number("frozen_s", config.frozen_s, 0.2, 60);
  reader.number("dark_luma", config.dark_luma, 0, 255);
  reader.number("washed_luma", config.washed_luma, 0, 255);
  reader.number("least_step", config.least_step, 0, 100);
  return config;
}

void ViewStage::reset() noexcept {
  shown_.reset();
  last_.release();
  same_since_s_.reset();
  fault_since_s_.reset();
  good_since_s_.reset();
}

bool ViewStage::unchanged(const cv::Mat& luma) {
  cv::Mat rows(luma.rows / 2, luma.cols, CV_8UC1);
  for (int y = 0; y < rows.rows; ++y) luma.row(2 * y).copyTo(rows.row(y));
  bool same = false;
  if (last_.size() == rows.size()) {
    const double mean =
        cv::norm(rows, last_, cv::NORM_L1) / (static_cast<double>(rows.rows) * rows.cols);
    same = mean < kSameMean && cv::norm(rows, last_, cv::NORM_INF) <= kSameMost;
  }
  // Compared with the picture the standstill began with, so that slow change adds up.
  if (!same) last_ = rows;
  return same;
}

std::string ViewStage::fault(const cv::Mat& luma, double t_s) {
  if (unchanged(luma)) {
    if (!same_since_s_) same_since_s_ = t_s;
    if (t_s - *same_since_s_ >= config_.frozen_s) return "the picture is frozen";
  } else {
    same_since_s_.reset();
  }
  cv::resize(luma, small_,
             cv::Size(std::max(8, luma.cols / kQuarter), std::max(8, luma.rows / kQuarter)), 0, 0,
             cv::INTER_AREA);
  Histogram levels{};
  Histogram steps{};
  for (int y = 0; y + 1 < small_.rows; ++y) {
    const std::uint8_t* row = small_.ptr(y);
    const std::uint8_t* below = small_.ptr(y + 1);
    for (int x = 0; x + 1 < small_.cols; ++x) {
      ++levels[row[x]];
      const int step = std::max(std::abs(row[x + 1] - row[x]), std::abs(below[x] - row[x]));
      ++steps[static_cast<std::size_t>(step)];
    }
  }
  if (percentile(levels, 0.995) < config_.dark_luma) return "the picture is dark: lens covered?";
  if (percentile(levels, 0.05) > config_.washed_luma) return "the picture is washed out";
  if (percentile(steps, 0.99) < config_.least_step)
    return "the picture shows no detail: lens covered, fogged or out of focus?";
  return {};
}

void ViewStage::process(const Frame& frame, Analysis& analysis) {
  const cv::Mat& luma = frame.luma();
  const cv::Rect shown = shown_.update(luma, frame.t_s);
  if (!analysis.view) analysis.view.emplace();
  analysis.view->shown = cv::Rect2f(shown);

  const std::string now = fault(luma(shown), frame.t_s);
  if (now.empty()) {
    fault_since_s_.reset();
    if (!good_since_s_) good_since_s_ = frame.t_s;
  } else {
    good_since_s_.reset();
    if (!fault_since_s_) fault_since_s_ = frame.t_s;
  }
  const bool was_blind = !reason_.empty();
  if (!was_blind && fault_since_s_ && frame.t_s - *fault_since_s_ >= config_.enter_s) {
    reason_ = now;
    Alert alert;
    alert.kind = AlertKind::view_blocked;
    alert.blind_s = frame.t_s - std::min(*fault_since_s_, same_since_s_.value_or(frame.t_s));
    alert.level = AlertLevel::warning;
    alert.text = reason_;
    analysis.alerts.push_back(alert);
  } else if (was_blind && good_since_s_ && frame.t_s - *good_since_s_ >= config_.leave_s) {
    reason_.clear();
    Alert alert;
    alert.kind = AlertKind::camera_back;
    alert.level = AlertLevel::info;
    alert.text = "the picture shows the road again";
    analysis.alerts.push_back(alert);
  }
  if (!reason_.empty()) {
    analysis.road = Road::blind;
    analysis.text = reason_;
  }
}

namespace {

std::unique_ptr<Stage> make(ConfigReader& config) {
  return std::make_unique<ViewStage>(ViewConfig::read(config));
}

}  // namespace

const StageType ViewStage::kType{
    .name = "view", .reads = {}, .uses = {}, .writes = {Fact::sight}, .make = make};

}  // namespace rearview

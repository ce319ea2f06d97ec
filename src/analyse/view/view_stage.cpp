#include "analyse/view/view_stage.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "analyse/view/tuning.h"

namespace rearview {
namespace {

using namespace view_tuning::view_stage;

std::string pictures_a_second(double rate) {
  const long rounded = std::lround(rate);
  return fmt::format("{} picture{} a second", rounded, rounded == 1 ? "" : "s");
}

}  // namespace

void ViewStage::reset() noexcept {
  life_.reset();
  new_pictures_.reset();
  fault_since_s_.reset();
  good_since_s_.reset();
}

std::string ViewStage::covered(const PictureContent& content) const {
  const double least = std::max(config_.least_step, kNoiseSteps * content.noise);
  std::string found;
  double most = 0;
  for (std::size_t from = 0; from < PictureContent::kColumns; ++from) {
    double luma = 0;
    std::size_t end = from;
    for (; end < PictureContent::kColumns && content.steepest[end] < least; ++end)
      luma += content.luma[end];
    if (end == from) continue;
    const auto width = static_cast<double>(end - from);
    const double share = width / PictureContent::kColumns;
    luma /= width;
    const double allowed = luma < kDarkColumn_luma ? config_.dark_share : config_.covered_share;
    if (share <= std::max(allowed, most)) continue;
    most = share;
    const double middle = static_cast<double>(from + end) / 2 / PictureContent::kColumns;
    const char* where = middle < kLeftUpTo ? "left" : middle > 1 - kLeftUpTo ? "right" : "middle";
    if (share > kAllShare)
      found = "the picture shows no detail: lens covered, fogged or out of focus?";
    else if (luma > kGlaring_luma)
      found = fmt::format("glare hides the {} of the picture", where);
    else if (luma < kDarkColumn_luma)
      found = fmt::format("the {} of the picture is black: lens covered?", where);
    else
      found = fmt::format("the {} of the picture shows nothing: lens covered?", where);
  }
  return found;
}

bool ViewStage::out_of_focus(const PictureContent& content, double t_s) {
  const double least =
      std::max(config_.least_sharpness, config_.least_sharpness_share * usual_sharpness_);
  if (content.sharpness < least) return true;
  const double gain = std::min(1.0, std::max(0.0, t_s - last_s_) / kUsual_s);
  usual_sharpness_ +=
      usual_sharpness_ > 0 ? gain * (content.sharpness - usual_sharpness_) : content.sharpness;
  return false;
}

std::string ViewStage::fault(const PictureContent& content, double t_s) {
  const double stands_out = std::max(kShowsSteps * config_.least_step, kNoiseSteps * content.noise);
  const double kept = usual_detail_.kept(content, stands_out, t_s);
  if (content.brightest < config_.dark_luma) return "the picture is dark: lens covered?";
  if (content.darkest > config_.washed_luma) return "the picture is washed out";
  if (content.coarse_share < kLeastCoarseShare) return "the picture is lost in noise";
  if (content.blockiness > kMostBlockiness)
    return "the picture has fallen into blocks: the stream has too few bits";
  if (std::string part = covered(content); !part.empty()) return part;
  if (content.has_edge) {
    const auto nothing = std::count_if(content.below_edge.begin(), content.below_edge.end(),
                                       [&](int step) { return step < stands_out; });
    if (static_cast<double>(nothing) > kNothingBelow * PictureContent::kColumns)
      return "the lower part of the picture shows nothing: lens covered?";
  }
  if (out_of_focus(content, t_s))
    return "the picture is blurred: lens fogged, wet or out of focus?";
  if (kept < view_tuning::usual_detail::kGone)
    return "much of what this camera saw is gone: lens covered, or has the camera slipped?";
  return {};
}

double ViewStage::rate_per_s(const Frame& frame) {
  // Where pictures are so few that each is a jump, the rate has to be known all the same; but a
  // connection that is new says nothing of it yet.
  if (frame.epoch != epoch_ || frame.t_s < last_s_) {
    times_s_.clear();
    slow_since_s_.reset();
    first_s_ = frame.t_s;
  }
  epoch_ = frame.epoch;
  if (times_s_.empty() || frame.t_s - times_s_.back() >= kSameMoment_s)
    times_s_.push_back(frame.t_s);
  while (frame.t_s - times_s_.front() > kRateSpan_s - kSameMoment_s) times_s_.pop_front();
  return static_cast<double>(times_s_.size()) / kRateSpan_s;
}

void ViewStage::process(const FrameContext& context, Analysis& analysis) {
  const Frame& frame = context.frame;
  const cv::Mat& luma = frame.luma();
  const double t_s = frame.t_s;
  if (luma.size() != size_) {  // another camera, or another part of what it sees
    size_ = luma.size();
    usual_detail_.reset();
    usual_sharpness_ = 0;
  }
  const cv::Rect shown = shown_.update(luma, t_s);
  if (!analysis.view) analysis.view.emplace();
  analysis.view->shown = cv::Rect2f(shown);

  const PictureContent& content = meter_.measure(luma, shown);
  life_.see(luma, t_s);
  new_pictures_.see(life_.cells(), t_s);
  const double came = rate_per_s(frame);
  const double leaps = new_pictures_.rate_per_s();
  const double rate = leaps > 0 ? std::min(came, leaps) : came;
  const bool was_blind = !reason_.empty();

  const std::string now = fault(content, t_s);
  // These have been watched for long enough already.
  std::string at_once;
  const bool rated = t_s - first_s_ >= kRateSpan_s;
  const double least_rate = config_.least_rate_per_s * (was_blind ? kRateSlack : 1);
  if (!rated || rate >= least_rate)
    slow_since_s_.reset();
  else if (!slow_since_s_)
    slow_since_s_ = t_s;
  // Leaps have been watched for longer than a pause lasts.
  const bool leaps_only = leaps > 0 && leaps < least_rate;
  if (slow_since_s_ && (leaps_only || t_s - *slow_since_s_ >= kSlow_s))
    at_once = pictures_a_second(rate) + ": too slow to warn";
  else if (life_.silent_s() >= config_.frozen_s)
    at_once = "the picture is frozen";
  last_s_ = t_s;

  if (now.empty() && at_once.empty()) {
    fault_since_s_.reset();
    if (!good_since_s_) good_since_s_ = t_s;
  } else {
    good_since_s_.reset();
    if (!fault_since_s_) fault_since_s_ = t_s;
  }
  if (was_blind && !good_since_s_) reason_ = at_once.empty() ? now : at_once;
  const bool lasts = fault_since_s_ && t_s - *fault_since_s_ >= config_.enter_s;
  if (!was_blind && (!at_once.empty() || lasts)) {
    reason_ = at_once.empty() ? now : at_once;
    Alert alert;
    alert.kind = AlertKind::view_blocked;
    alert.about = AlertBlindness{std::max(t_s - *fault_since_s_, life_.silent_s())};
    alert.level = AlertLevel::warning;
    alert.text = reason_;
    analysis.alerts.push_back(alert);
  } else if (was_blind && good_since_s_ && t_s - *good_since_s_ >= config_.leave_s) {
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
  } else if (rated && rate < config_.wanted_rate_per_s) {
    analysis.state = AnalysisState::degraded;
    analysis.text =
        pictures_a_second(rate) +
        (slow_since_s_ ? ": too slow to warn" : ": vehicles may be told late or not at all");
  }
}

namespace {

std::unique_ptr<Stage> make(ConfigReader& config) {
  ViewConfig settings;
  read_settings(config, settings);
  return std::make_unique<ViewStage>(settings);
}

}  // namespace

const StageType ViewStage::kType{
    .name = "view",
    .text = "Says when the picture shows nothing: dark, washed out, covered, frozen.",
    .schema = schema_of<ViewConfig>,
    .reads = {},
    .uses = {},
    .writes = {Fact::sight},
    .make = make};

}  // namespace rearview

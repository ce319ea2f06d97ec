#include "analyse/looming/looming_stage.h"

#include <algorithm>
#include <cmath>

#include "analyse/looming/light_pairs.h"
#include "analyse/looming/point_motion.h"
#include "analyse/looming/tuning.h"

namespace rearview {
namespace {

using namespace looming_tuning::looming_stage;

}  // namespace

struct LoomingStage::State {
  State(cv::Size pixels, double scale_by, double focal)
      : size(pixels), scale(scale_by), focal_px(focal), far(pixels, focal), near(pixels, focal) {}
  cv::Size size;
  double scale;  ///< of the picture worked on, relative to the frame
  double focal_px;
  PointTracker points;
  EgoMotion far;
  EgoMotion near;
  MovingObjects objects;
  LightPairs lights;
  double last_t_s = 0;
  bool started = false;
};

LoomingStage::LoomingStage(const LoomingConfig& config) : config_(config) {}
LoomingStage::~LoomingStage() = default;

void LoomingStage::reset() noexcept {
  state_.reset();
}

void LoomingStage::process(const FrameContext& context, Analysis& analysis) {
  const Frame& frame = context.frame;
  const KeptPicture& picture = context.pictures.of(frame);
  const cv::Mat& luma = picture.level(0);
  const double scale = picture.scale;
  if (!state_ || state_->size != luma.size()) {
    const double half = config_.horizontal_fov_deg * CV_PI / 360;
    state_ = std::make_unique<State>(luma.size(), scale, luma.cols / 2.0 / std::tan(half));
  }
  State& state = *state_;

  if (!analysis.view) {
    analysis.view.emplace();
    analysis.view->shown =
        cv::Rect2f(0, 0, static_cast<float>(frame.width()), static_cast<float>(frame.height()));
  }
  const cv::Rect2f& shown = analysis.view->shown;
  const auto s = static_cast<float>(scale);
  const cv::Rect active =
      cv::Rect(cv::Rect2f(shown.x * s, shown.y * s, shown.width * s, shown.height * s)) &
      cv::Rect(cv::Point(), luma.size());

  if (!repeats(luma, frame.t_s)) {
    const double dt = state.started ? frame.t_s - state.last_t_s : 0;
    state.points.track(picture, active, static_cast<float>(state.far.focus().y));
    state.last_t_s = frame.t_s;
    state.started = true;
    if (state.points.pictures() > kLeastFrames) {
      const int far_back = state.points.back_for(config_.baseline_s);
      const int near_back = std::max(kLeastBack, state.points.back_for(kShortBaseline_s));
      state.far.estimate(state.points, far_back);
      state.near.estimate(state.points, near_back);
      const std::vector<PointMotion> motions =
          point_motions(state.points, state.far, far_back, state.near, near_back);
      state.objects.update(state.points, motions, dt, active, state.far);
      state.lights.update(luma, frame.t_s, active, state.far.vanishing().y);
    }
  }
  report(frame, analysis);
}

bool LoomingStage::repeats(const cv::Mat& luma, double t_s) {
  State& state = *state_;
  if (!state.started || t_s - state.last_t_s >= kLongestRepeat_s) return false;
  const cv::Mat& last = state.points.picture(0);
  double sum = 0;
  int rows = 0;
  for (int y = 0; y < luma.rows; y += kEveryFourthRow, ++rows)
    sum += cv::norm(luma.row(y), last.row(y), cv::NORM_L1);
  return sum / (static_cast<double>(rows) * luma.cols) < kRepeatDifference;
}

void LoomingStage::report(const Frame& frame, Analysis& analysis) const {
  const State& state = *state_;
  const double up = 1 / state.scale;
  ViewGeometry& view = *analysis.view;
  const cv::Point2d vanishing = state.far.vanishing();
  view.vanishing = {static_cast<float>(vanishing.x * up), static_cast<float>(vanishing.y * up)};
  view.vanishing_sigma_px = state.far.focus_sigma_px() * up;
  view.focal_px = state.focal_px * up;
  const cv::Rect2f whole(0, 0, static_cast<float>(frame.width()),
                         static_cast<float>(frame.height()));
  const auto report_box = [&](const cv::Rect2d& box, double score, double growth, double sigma) {
    Detection detection;
    detection.box =
        cv::Rect2f(cv::Rect2d(box.x * up, box.y * up, box.width * up, box.height * up)) & whole;
    if (detection.box.area() <= 0) return;
    detection.score = static_cast<float>(score);
    detection.vehicle_class = VehicleClass::vehicle;
    detection.detector = "looming";
    detection.growth_per_s = growth;
    detection.growth_sigma_per_s = sigma;
    analysis.detections.push_back(detection);
  };
  std::vector<cv::Rect2d> lit;
  for (const LightPair& pair : state.lights.pairs()) {
    if (pair.hits < kLeastPairHits || pair.seen_s != state.last_t_s) continue;
    if (pair.growth < kPairGrows * pair.growth_sigma) continue;
    lit.push_back(pair.box());
    report_box(pair.box(), kFirstScore + kPairScore * std::min(1.0, pair.hits / kPairHits),
               pair.growth, pair.growth_sigma);
  }
  for (const MovingObject& object : state.objects.objects()) {
    if (!object.confirmed || object.movers < config_.least_corners) continue;
    // Lights outline a vehicle better than the few corners the dark leaves.
    if (std::any_of(lit.begin(), lit.end(), [&](const cv::Rect2d& box) {
          return (box & object.box).area() > kLitShare * std::min(box.area(), object.box.area());
        }))
      continue;
    const double evidence = 1 - std::exp(-object.movers / kThingCorners);
    const double standing = std::min(1.0, object.hits / kThingHits);
    report_box(object.box,
               kFirstScore + kThingScore * evidence * (1 - kHitsShare + kHitsShare * standing),
               object.growth, object.growth_sigma);
  }
}

namespace {

std::unique_ptr<Stage> make(ConfigReader& config) {
  LoomingConfig settings;
  read_settings(config, settings);
  return std::make_unique<LoomingStage>(settings);
}

}  // namespace

const StageType LoomingStage::kType{
    .name = "looming",
    .text = "Finds what comes closer by its motion; needs no weights.",
    .schema = schema_of<LoomingConfig>,
    .reads = {},
    .uses = {Fact::sight},
    .writes = {Fact::detections, Fact::growth, Fact::view},
    .make = make};

}  // namespace rearview

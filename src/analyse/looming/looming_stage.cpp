#include "analyse/looming/looming_stage.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "analyse/common/shown_area.h"
#include "analyse/looming/light_pairs.h"
#include "analyse/looming/point_motion.h"

namespace rearview {
namespace {

// Wider pictures are brought down to this: cost stays bounded, and a vehicle 4 s away is wide
// enough.
constexpr int kWidest_px = 640;
// Corners too young for the long baseline are judged over this one.
constexpr double kShortBaseline_s = 0.12;
constexpr int kLeastFrames = 4;
// A picture that shows nothing new (25 frames/s sent as 30, a stalled sender) would look like a
// world that stopped for a moment. Mean absolute difference in grey levels.
constexpr double kRepeatDifference = 0.35;
constexpr double kLongestRepeat_s = 0.15;
// Pairs of lights are reported once they have stayed together and drawn apart beyond doubt: at rest
// there are many.
constexpr int kLeastPairSightings = 8;
constexpr double kPairGrows = 2.0;

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
  cv::Mat picture;
  cv::Mat last;
  double last_t_s = 0;
  bool started = false;
};

LoomingStage::LoomingStage(const LoomingConfig& config) : config_(config) {}
LoomingStage::~LoomingStage() = default;

void LoomingStage::reset() noexcept {
  state_.reset();
}

void LoomingStage::process(const Frame& frame, Analysis& analysis) {
  const double scale = std::min(1.0, static_cast<double>(kWidest_px) / frame.width());
  const cv::Size size(std::max(1, cvRound(frame.width() * scale)),
                      std::max(1, cvRound(frame.height() * scale)));
  if (!state_ || state_->size != size) {
    const double half = config_.horizontal_fov_deg * CV_PI / 360;
    state_ = std::make_unique<State>(size, scale, size.width / 2.0 / std::tan(half));
  }
  State& state = *state_;
  if (scale < 1)
    cv::resize(frame.luma(), state.picture, size, 0, 0, cv::INTER_AREA);
  else
    state.picture = frame.luma();

  if (!analysis.view) {
    analysis.view.emplace();
    analysis.view->shown =
        cv::Rect2f(0, 0, static_cast<float>(frame.width()), static_cast<float>(frame.height()));
  }
  const cv::Rect2f& shown = analysis.view->shown;
  const auto s = static_cast<float>(scale);
  const cv::Rect active =
      cv::Rect(cv::Rect2f(shown.x * s, shown.y * s, shown.width * s, shown.height * s)) &
      cv::Rect(cv::Point(), size);

  if (!repeats(state.picture, frame.t_s)) {
    const double dt = state.started ? frame.t_s - state.last_t_s : 0;
    state.points.track(state.picture, frame.t_s, active, static_cast<float>(state.far.focus().y));
    state.picture.copyTo(state.last);
    state.last_t_s = frame.t_s;
    state.started = true;
    if (state.points.pictures() > kLeastFrames) {
      const int far_back = state.points.back_for(config_.baseline_s);
      const int near_back = std::max(2, state.points.back_for(kShortBaseline_s));
      state.far.estimate(state.points, far_back);
      state.near.estimate(state.points, near_back);
      const std::vector<PointMotion> motions =
          point_motions(state.points, state.far, far_back, state.near, near_back);
      state.objects.update(state.points, motions, dt, active, state.far);
      state.lights.update(state.picture, frame.t_s, active, state.far.vanishing().y);
    }
  }
  report(frame, analysis);
  if (scale >= 1) state.picture.release();  // it is the frame's own memory
}

bool LoomingStage::repeats(const cv::Mat& luma, double t_s) {
  State& state = *state_;
  if (!state.started || t_s - state.last_t_s >= kLongestRepeat_s) return false;
  // Every fourth row tells enough.
  double sum = 0;
  int rows = 0;
  for (int y = 0; y < luma.rows; y += 4, ++rows)
    sum += cv::norm(luma.row(y), state.last.row(y), cv::NORM_L1);
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
    if (pair.sightings < kLeastPairSightings || pair.seen_s != state.last_t_s) continue;
    if (pair.growth < kPairGrows * pair.growth_sigma) continue;
    lit.push_back(pair.box());
    report_box(pair.box(), 0.3 + 0.5 * std::min(1.0, pair.sightings / 15.0), pair.growth,
               pair.growth_sigma);
  }
  for (const MovingObject& object : state.objects.objects()) {
    if (!object.confirmed || object.movers < config_.least_corners) continue;
    // Lights outline a vehicle better than the few corners the dark leaves.
    if (std::any_of(lit.begin(), lit.end(), [&](const cv::Rect2d& box) {
          return (box & object.box).area() > 0.3 * std::min(box.area(), object.box.area());
        }))
      continue;
    const double evidence = 1 - std::exp(-object.movers / 6.0);
    const double standing = std::min(1.0, object.sightings / 12.0);
    report_box(object.box, 0.3 + 0.65 * evidence * (0.4 + 0.6 * standing), object.growth,
               object.growth_sigma);
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

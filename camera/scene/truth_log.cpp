#include "camera/scene/truth_log.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace rearview::camera {
namespace {

// The longer side from which a vehicle counts as visible.
constexpr int kLeastSide_px = 10;
constexpr float kUncoveredShare = 0.6f;
constexpr double kComesNear_m = 5.0;
constexpr double kReallyCloses_m = 8.0;  // to be called closing rather than at the same speed
/// A vehicle that the clip's end cuts off this near to its pass is an event that was not seen out.
constexpr double kAlmostPassed_s = 2.0;

double rounded(double v, double unit) {
  return std::round(v / unit) * unit;
}

nlohmann::ordered_json box_json(const cv::Rect& box) {
  return {box.x, box.y, box.width, box.height};
}

}  // namespace

TruthLog::TruthLog(cv::Size picture, double fps) : picture_(picture), fps_(fps) {}

void TruthLog::follow(Record& r, double t_s, const Sight& sight) {
  const cv::Rect box(sight.seen.left, sight.seen.top, sight.seen.width(), sight.seen.height());
  const double distance = std::max(0.0, sight.distance_m);
  if (!r.visible) {
    r.visible = true;
    r.first_s = t_s;
    r.first_distance_m = r.farthest_m = sight.distance_m;
  }
  r.last_s = t_s;
  r.last_box = box;
  r.last_distance_m = sight.distance_m;
  r.last_closing_mps = sight.closing_mps;
  r.farthest_m = std::max(r.farthest_m, sight.distance_m);
  if (sight.distance_m < r.nearest_m) {
    r.nearest_m = sight.distance_m;
    r.nearest_s = t_s;
    r.nearest_box = box;
  }
  if (sight.closing_mps > 0.3 && distance > 0)
    r.shortest_ttc_s = std::min(r.shortest_ttc_s, distance / sight.closing_mps);
  if (sight.distance_m > -1) {
    r.side_gap_m = sight.side_gap_m;
    r.pass_closing_mps = sight.closing_mps;
  }
  constexpr double kSlack_s = 1e-6;
  if (r.track.empty() || t_s >= r.track.back().t_s + r.track_step_s - kSlack_s)
    r.track.push_back({t_s, box, distance});
  if (r.track.size() > kMostTrackPoints) {  // half as fine, twice as long
    std::size_t kept = 0;
    for (std::size_t i = 0; i < r.track.size(); i += 2) r.track[kept++] = r.track[i];
    r.track.resize(kept);
    r.track_step_s *= 2;
  }
}

void TruthLog::frame(double t_s, const std::vector<Sight>& sights) {
  end_s_ = t_s + 1.0 / fps_;
  for (auto& [id, record] : open_) record.in_sight = false;
  for (const Sight& sight : sights) {
    Record& r = open_[sight.vehicle->id];
    r.id = sight.vehicle->id;
    r.vehicle = sight.vehicle->plan.vehicle;
    r.behaviour = sight.vehicle->plan.behaviour;
    if (!sight.seen.any()) continue;
    r.in_sight = true;
    const float whole = sight.whole.width * sight.whole.height;
    const auto shown = static_cast<float>(sight.seen.width() * sight.seen.height());
    if (!r.visible && (std::max(sight.seen.width(), sight.seen.height()) < kLeastSide_px ||
                       shown < kUncoveredShare * whole))
      continue;
    follow(r, t_s, sight);
    if (sight.distance_m <= 0.3 && r.first_distance_m > kComesNear_m) r.passed = true;
  }
}

void TruthLog::gone(std::uint64_t id) {
  const auto found = open_.find(id);
  if (found == open_.end()) return;
  Record record = std::move(found->second);
  open_.erase(found);
  record.in_sight = false;
  if (!record.visible) return;
  record.track.shrink_to_fit();
  const bool event = is_event(record);
  std::deque<Record>& kept = event ? events_ : others_;
  kept.push_back(std::move(record));
  if (kept.size() > (event ? kMostEvents : kMostOthers)) kept.pop_front();
}

bool TruthLog::is_event(const Record& r) const {
  if (r.behaviour == Behaviour::kOncoming || r.behaviour == Behaviour::kParked) return false;
  if (r.passed) return true;
  const bool closed_in = r.first_distance_m - r.nearest_m > 1.0 || r.farthest_m - r.nearest_m > 3.0;
  if (r.nearest_m <= kComesNear_m && closed_in && r.nearest_s > r.first_s) return true;
  return r.in_sight && r.behaviour == Behaviour::kOvertake && r.last_closing_mps > 0.3 &&
         r.last_distance_m / r.last_closing_mps < kAlmostPassed_s;
}

std::string TruthLog::kind_of(const Record& r) const {
  switch (r.behaviour) {
    case Behaviour::kParked:
      return "parked";
    case Behaviour::kOncoming:
      return "oncoming carriageway";
    case Behaviour::kFallBack:
      return "receding";
    case Behaviour::kTurnOff:
      // One that came near before it turned was right to be warned of.
      return r.shortest_ttc_s < 3.0 ? "closing, no pass" : "turning off";
    case Behaviour::kFollow:
    case Behaviour::kOvertake:
      if (r.first_distance_m - r.nearest_m > kReallyCloses_m) return "closing, no pass";
      return r.farthest_m - r.first_distance_m > kReallyCloses_m ? "receding" : "same speed";
  }
  return "same speed";
}

nlohmann::ordered_json TruthLog::event_json(const Record& r) const {
  // One that came near and never passed counts as there when it was nearest.
  const bool stayed =
      !r.passed && r.nearest_m <= kComesNear_m && r.last_distance_m > r.nearest_m + 1;
  const cv::Rect& box = stayed ? r.nearest_box : r.last_box;
  const double middle = box.x + 0.5 * box.width;
  nlohmann::ordered_json out{{"id", r.id},
                             {"class", name(r.vehicle)},
                             {"side", middle < 0.5 * picture_.width ? "left" : "right"},
                             {"t_visible_s", rounded(r.first_s, 1e-4)},
                             {"t_pass_s", rounded(stayed ? r.nearest_s : r.last_s, 1e-4)},
                             {"box_at_pass", box_json(box)},
                             {"lateral_m", rounded(r.side_gap_m, 0.01)},
                             {"closing_mps", rounded(r.pass_closing_mps, 0.01)}};
  if (r.in_sight && !stayed) out["pass_seen"] = false;
  if (std::abs(middle - 0.5 * picture_.width) < picture_.width / 6.0) out["side_uncertain"] = true;
  out["track"] = nlohmann::ordered_json::array();
  for (const Point& p : r.track)
    out["track"].push_back({rounded(p.t_s, 1e-4), p.box.x, p.box.y, p.box.width, p.box.height,
                            rounded(p.distance_m, 0.01)});
  return out;
}

nlohmann::ordered_json TruthLog::other_json(const Record& r) const {
  nlohmann::ordered_json out{{"id", r.id},
                             {"class", name(r.vehicle)},
                             {"kind", kind_of(r)},
                             {"t0_s", rounded(r.first_s, 1e-4)},
                             {"t1_s", rounded(r.last_s, 1e-4)}};
  out["track"] = nlohmann::ordered_json::array();
  for (const Point& p : r.track)
    out["track"].push_back({rounded(p.t_s, 1e-4), p.box.x, p.box.y, p.box.width, p.box.height,
                            rounded(p.distance_m, 0.01)});
  return out;
}

nlohmann::ordered_json TruthLog::json() const {
  nlohmann::ordered_json out{{"input", "scene"},
                             {"fps", fps_},
                             {"duration_s", rounded(end_s_, 1e-4)},
                             {"events", nlohmann::ordered_json::array()},
                             {"others", nlohmann::ordered_json::array()},
                             {"ignore", nlohmann::ordered_json::array()}};
  for (const Record& record : events_) out["events"].push_back(event_json(record));
  for (const Record& record : others_) out["others"].push_back(other_json(record));
  for (const auto& [id, record] : open_) {
    if (!record.visible) continue;
    if (is_event(record))
      out["events"].push_back(event_json(record));
    else
      out["others"].push_back(other_json(record));
  }
  return out;
}

}  // namespace rearview::camera

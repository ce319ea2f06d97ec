#include "analyse/tracking/tracker.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "analyse/common/boxes.h"
#include "analyse/common/scale_gauge.h"
#include "analyse/tracking/assignment.h"
#include "analyse/tracking/tuning.h"

namespace rearview {
namespace {

using namespace tracking_tuning::tracker;

cv::Rect2f widened(const cv::Rect2f& box, double share) {
  const float x = static_cast<float>(share * box.width + kWiden_px);
  const float y = static_cast<float>(share * box.height + kWiden_px);
  return {box.x - x, box.y - y, box.width + 2 * x, box.height + 2 * y};
}

/// 1 for equal sides, less the more they differ.
double same_size(const cv::Rect2f& a, const cv::Rect2f& b) {
  if (a.empty() || b.empty()) return 0;
  const double w = std::log(static_cast<double>(a.width) / b.width);
  const double h = std::log(static_cast<double>(a.height) / b.height);
  return std::exp(-(w * w + h * h) / (2 * kSizeChange * kSizeChange));
}

}  // namespace

void Tracker::reset() noexcept {
  tracks_.clear();
  last_s_.reset();
}

void Tracker::process(const FrameContext& context, Analysis& analysis) {
  const Frame& frame = context.frame;
  if (frame.size() != picture_) reset();
  picture_ = frame.size();
  const double dt_s = last_s_ ? frame.t_s - *last_s_ : 0;
  last_s_ = frame.t_s;
  for (Tracked& track : tracks_) {
    track.filter.predict(dt_s);
    track.seen_now = track.boxed_now = track.followed_now = false;
    track.outlined_now.reset();
  }
  rested_ = analysis.detector_rested;
  // Where nothing ever rests, the pictures need not be kept.
  rests_ = rests_ || rested_;
  if (rests_ && settings_.follow_s > 0) context.pictures.of(frame);
  std::vector<MergedDetection> detections = merged(analysis.detections);
  match(detections, true, true, frame.t_s);
  match(detections, false, true, frame.t_s);
  match(detections, true, false, frame.t_s);
  match(detections, false, false, frame.t_s);
  follow(context.pictures, frame.t_s);
  for (const MergedDetection& detection : detections) {
    if (!detection.taken && detection.score >= settings_.new_score && !beside_known(detection))
      begin(detection, picture_, frame.t_s);
  }
  confirm();
  join_duplicates();
  drop_lost(picture_, frame.t_s);

  for (const Tracked& track : tracks_) {
    if (track.id == 0) continue;
    Track out;
    out.id = track.id;
    out.vehicle_class = class_of(track);
    out.score = static_cast<float>(track.score);
    out.box = track.filter.visible();
    out.detections = track.detections;
    out.coasting = !track.seen_now && !track.followed_now;
    out.unseen_s = out.coasting ? frame.t_s - track.seen_s : 0;
    analysis.tracks.push_back(out);
  }
  std::sort(analysis.tracks.begin(), analysis.tracks.end(),
            [](const Track& a, const Track& b) { return a.id < b.id; });
}

std::vector<Tracker::MergedDetection> Tracker::merged(const std::vector<Detection>& detections) {
  std::vector<MergedDetection> all;
  for (const Detection& detection : detections) {
    if (!(detection.box.width > 0) || !(detection.box.height > 0)) continue;
    all.push_back({.box = detection.box,
                   .score = detection.score,
                   .vehicle_class = detection.vehicle_class,
                   .outline = detection.growth_per_s.has_value() &&
                              detection.vehicle_class == VehicleClass::vehicle,
                   .taken = false});
  }
  std::sort(all.begin(), all.end(), [](const MergedDetection& a, const MergedDetection& b) {
    return a.outline != b.outline ? b.outline : a.score > b.score;
  });
  std::vector<MergedDetection> kept;
  for (const MergedDetection& detection : all) {
    if (kept.size() == kMostDetections) break;
    const auto same = std::find_if(kept.begin(), kept.end(), [&](const MergedDetection& other) {
      if (detection.outline && !other.outline) return cover(detection.box, other.box) > kCover;
      return iou(detection.box, other.box) > kSameIou;
    });
    if (same == kept.end())
      kept.push_back(detection);
    else if (detection.outline && !same->outline)  // two ways of seeing agree
      same->score = 1 - (1 - same->score) * (1 - detection.score);
  }
  return kept;
}

void Tracker::match(std::vector<MergedDetection>& detections, bool strong, bool reported,
                    double t_s) {
  std::vector<Tracked*> rows;
  for (Tracked& track : tracks_) {
    if (!track.seen_now && (track.id != 0) == reported) rows.push_back(&track);
  }
  std::vector<MergedDetection*> columns;
  for (MergedDetection& detection : detections) {
    if (!detection.taken && (detection.score >= settings_.strong_score) == strong)
      columns.push_back(&detection);
  }
  if (rows.empty() || columns.empty()) return;

  const double limit = 1 - (strong ? kStrongMatch : kWeakMatch);
  CostTable costs(rows.size(), columns.size(), limit);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const double unseen = std::min((t_s - rows[r]->seen_s) / settings_.coast_s, 1.0);
    const double share = reported ? kWiden + (kWidenUnsure - kWiden) * unseen : kWidenUnsure;
    const cv::Rect2f predicted = rows[r]->filter.visible();
    const VehicleClass known = class_of(*rows[r]);
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const MergedDetection& detection = *columns[c];
      double affinity = iou(widened(predicted, share), widened(detection.box, share));
      if (detection.outline || rows[r]->only_outlines)
        affinity = std::max(affinity, kOutlineAffinity * cover(predicted, detection.box));
      else
        affinity *= same_size(predicted, detection.box);
      const bool other_class = known != VehicleClass::vehicle &&
                               detection.vehicle_class != VehicleClass::vehicle &&
                               known != detection.vehicle_class;
      const double cost = 1 - affinity;
      if (cost < limit) costs.at(r, c) = other_class ? std::min(cost + kOtherClass, limit) : cost;
    }
  }
  for (const auto& [r, c] : assign(costs, limit)) see(*rows[r], *columns[c], t_s);
}

void Tracker::see(Tracked& track, MergedDetection& detection, double t_s) {
  detection.taken = true;
  if (detection.outline) {
    if (may_follow(track, t_s))
      track.outlined_now = detection.box;  // moves the box only where the picture doesn't
    else
      track.filter.correct(detection.box, kOutlineSpread);
  } else {
    if (track.only_outlines && track.detections > 0)
      track.filter = BoxFilter(detection.box, picture_);  // the first box that is a vehicle's
    else
      track.filter.correct(detection.box,
                           detection.score < settings_.strong_score ? kWeakSpread : 1);
    track.boxed = track.filter.visible();
    track.boxed_s = t_s;
    track.boxed_now = true;
    track.missed = false;
  }
  track.only_outlines = track.only_outlines && detection.outline;
  track.seen_now = true;
  track.seen_s = t_s;
  track.score_sum += detection.score;
  track.score = track.detections == 0
                    ? detection.score
                    : kScoreMemory * track.score + (1 - kScoreMemory) * detection.score;
  ++track.detections;
  for (double& vote : track.votes) vote *= kVoteMemory;
  if (detection.vehicle_class != VehicleClass::vehicle)
    track.votes[static_cast<std::size_t>(detection.vehicle_class)] +=
        detection.score * std::min(1.0, static_cast<double>(detection.box.height) / kFullVote_px);
}

bool Tracker::beside_known(const MergedDetection& detection) const {
  return std::any_of(tracks_.begin(), tracks_.end(), [&](const Tracked& track) {
    return track.id != 0 && track.seen_now &&
           iou(track.filter.visible(), detection.box) > kBesideIou;
  });
}

void Tracker::begin(const MergedDetection& detection, cv::Size picture, double t_s) {
  if (tracks_.size() >= settings_.most_tracks) {  // room only at the cost of one less likely
    const auto least =
        std::min_element(tracks_.begin(), tracks_.end(), [](const Tracked& a, const Tracked& b) {
          return std::pair(a.id != 0, a.score_sum) < std::pair(b.id != 0, b.score_sum);
        });
    if (least->id != 0 || least->score_sum >= detection.score) return;
    tracks_.erase(least);
  }
  MergedDetection first = detection;
  tracks_.push_back({.filter = BoxFilter(first.box, picture), .first_s = t_s});
  see(tracks_.back(), first, t_s);
}

void Tracker::confirm() {
  constexpr double kRounding_s = 1e-6;
  for (Tracked& track : tracks_) {
    if (track.id == 0 && track.seen_now && track.detections >= settings_.confirm_detections &&
        track.score_sum >= settings_.confirm_score &&
        track.seen_s - track.first_s >= settings_.confirm_s - kRounding_s)
      track.id = ++last_id_;
  }
}

bool Tracker::may_follow(const Tracked& track, double t_s) const {
  return settings_.follow_s > 0 && rested_ && !track.missed && track.id != 0 &&
         !track.only_outlines && !track.boxed_now &&
         t_s - track.boxed_s <= std::min(settings_.follow_s, settings_.coast_s);
}

// From the picture in which a detector last drew it, not from frame to frame: nothing drifts.
void Tracker::follow(const PictureHistory& pictures, double t_s) {
  const ScaleGauge gauge(pictures);
  std::vector<Tracked*> unboxed;
  for (Tracked& track : tracks_) {
    track.missed = track.missed || (!rested_ && !track.boxed_now);
    if (may_follow(track, t_s)) unboxed.push_back(&track);
  }
  std::stable_sort(unboxed.begin(), unboxed.end(), [](const Tracked* a, const Tracked* b) {
    return a->boxed.area() > b->boxed.area();
  });
  for (std::size_t i = 0; i < unboxed.size(); ++i) {
    Tracked& track = *unboxed[i];
    std::optional<cv::Rect2f> box;
    if (i < kMostFollowed) box = gauge.follow(track.boxed, track.boxed_s, track.filter.visible());
    track.followed_now = box.has_value();
    if (box)
      track.filter.correct(*box, kFollowSpread);
    else if (track.outlined_now)
      track.filter.correct(*track.outlined_now, kOutlineSpread);
  }
}

// Two tracks of one vehicle come about when detectors disagree for a while. Tracks that merely
// stand behind each other are told apart by having detections of their own.
void Tracker::join_duplicates() {
  std::vector<bool> gone(tracks_.size());
  for (std::size_t i = 0; i < tracks_.size(); ++i) {
    for (std::size_t j = i + 1; j < tracks_.size() && !gone[i]; ++j) {
      if (gone[j]) continue;
      const cv::Rect2f a = tracks_[i].filter.visible();
      const cv::Rect2f b = tracks_[j].filter.visible();
      const bool one_is_outline = tracks_[i].only_outlines != tracks_[j].only_outlines;
      const bool same =
          one_is_outline ? cover(a, b) > kCover
                         : tracks_[i].seen_now && tracks_[j].seen_now && iou(a, b) > kSameTrackIou;
      if (!same) continue;
      // The older one, or the one that is known to others, keeps its number; the vehicle's box
      // wins over an outline, else the one seen more often.
      const bool second_has_id = tracks_[i].id == 0 && tracks_[j].id != 0;
      Tracked& keep = tracks_[second_has_id ? j : i];
      const Tracked& drop = tracks_[second_has_id ? i : j];
      const bool better = one_is_outline ? keep.only_outlines : drop.detections > keep.detections;
      if (better) {
        keep.filter = drop.filter;
        keep.boxed = drop.boxed;
        keep.boxed_s = drop.boxed_s;
        keep.missed = drop.missed;
      }
      keep.only_outlines = keep.only_outlines && drop.only_outlines;
      keep.seen_now = keep.seen_now || drop.seen_now;
      keep.followed_now = keep.followed_now || drop.followed_now;
      keep.seen_s = std::max(keep.seen_s, drop.seen_s);
      keep.first_s = std::min(keep.first_s, drop.first_s);
      keep.score = std::max(keep.score, drop.score);
      keep.detections = std::max(keep.detections, drop.detections);
      for (std::size_t k = 0; k < kClasses; ++k) keep.votes[k] += drop.votes[k];
      gone[second_has_id ? i : j] = true;
    }
  }
  std::size_t index = 0;
  std::erase_if(tracks_, [&](const Tracked&) { return gone[index++]; });
}

void Tracker::drop_lost(cv::Size picture, double t_s) {
  std::erase_if(tracks_, [&](const Tracked& track) {
    const cv::Rect2f visible = track.filter.visible();
    if (visible.width < 1 || visible.height < 1) return true;
    if (track.seen_now) return false;
    if (t_s - track.seen_s > (track.id != 0 ? settings_.coast_s : settings_.new_coast_s))
      return true;
    const bool at_border = visible.x <= 0 || visible.br().x >= static_cast<float>(picture.width) ||
                           visible.br().y >= static_cast<float>(picture.height);
    return at_border && visible.area() < kLeastVisible * track.filter.box().area();
  });
}

VehicleClass Tracker::class_of(const Tracked& track) {
  const auto most = std::max_element(track.votes.begin(), track.votes.end());
  return *most > 0 ? static_cast<VehicleClass>(most - track.votes.begin()) : VehicleClass::vehicle;
}

namespace {

std::unique_ptr<Stage> make(ConfigReader& config) {
  TrackerSettings settings;
  read_settings(config, settings);
  return std::make_unique<Tracker>(settings);
}

}  // namespace

const StageType Tracker::kType{.name = "tracker",
                               .text = "Joins detections to tracks.",
                               .schema = schema_of<TrackerSettings>,
                               .reads = {Fact::detections},
                               .uses = {Fact::growth},
                               .writes = {Fact::tracks},
                               .make = make};

}  // namespace rearview

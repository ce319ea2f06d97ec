#include "fit/ride_fit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "fit/fit_file.h"

namespace rearview {
namespace {

// Global message numbers and enumerations of the FIT profile.
enum Message : std::uint16_t {
  file_id = 0,
  session = 18,
  lap = 19,
  record = 20,
  event = 21,
  activity = 34,
  field_description = 206,
  developer_data_id = 207
};
constexpr std::uint8_t kTimestamp = 253;
constexpr std::uint8_t kMessageIndex = 254;
constexpr std::uint32_t kFileActivity = 4;
constexpr std::uint32_t kManufacturerDevelopment = 255;
constexpr std::uint32_t kEventTimer = 0;
constexpr std::uint32_t kEventSession = 8;
constexpr std::uint32_t kEventLap = 9;
constexpr std::uint32_t kEventActivity = 26;
constexpr std::uint32_t kStart = 0;
constexpr std::uint32_t kStop = 1;
constexpr std::uint32_t kStopAll = 4;
constexpr std::uint32_t kCycling = 2;

/// The developer fields of MyBikeTraffic (github.com/kartoone/mybiketraffic,
/// source/MyBikeTrafficFitContributions.mc: their numbers, types, messages and what stands in them
/// while there is no radar; manifest.xml: the application id, under which sites look for them). It
/// gives them no units; its speeds of passing vehicles are in those of the device's settings.
constexpr std::string_view kApplication =
    "\xc6\x47\x04\x4c\xc3\x21\x44\xbb\xbf\x8a\x24\x1a\x87\xa0\xeb\x2e";
enum Radar : std::uint8_t {  // from 0 on
  radar_ranges,
  radar_speeds,
  radar_current,
  radar_total,
  radar_lap,
  passing_speed,
  passing_speedabs
};
constexpr std::size_t kTargets = 8;
constexpr std::uint32_t kNoRange = 0xFFFF;  // -1
constexpr std::uint32_t kNoSpeed = 255;
constexpr double kFarthest_m = 300;
/// Where a vehicle counts as passing. Sites count one whose range ends below 10 m.
constexpr double kPassing_m = 3;
constexpr std::int64_t kLongest_s = 86'400;
constexpr std::size_t kPage = 1000;
/// Where the rider's speed isn't told for a second, that of shortly before is.
constexpr int kLongestSpeed_s = 2;
// FIT's sign for "not known", by type.
constexpr std::uint32_t kNo8 = 0xFF;
constexpr std::uint32_t kNo16 = 0xFFFF;
constexpr std::int32_t kNoS32 = 0x7FFFFFFF;
constexpr std::uint32_t kNo32 = 0xFFFFFFFF;

FitField u8(std::uint8_t number, std::uint32_t value) {
  return FitField::number_of(number, FitType::u8, value);
}
FitField u16(std::uint8_t number, std::uint32_t value) {
  return FitField::number_of(number, FitType::u16, value);
}
FitField u32(std::uint8_t number, std::uint32_t value) {
  return FitField::number_of(number, FitType::u32, value);
}
FitField choice(std::uint8_t number, std::uint32_t value) {
  return FitField::number_of(number, FitType::enumeration, value);
}

std::uint32_t scaled(double value, double scale, std::uint32_t most) {
  return static_cast<std::uint32_t>(std::clamp(std::round(value * scale), 0.0, most - 1.0));
}
FitField speed(std::uint8_t number, const std::optional<double>& mps) {
  return u16(number, mps ? scaled(*mps, 1000, kNo16) : kNo16);
}
FitField metres(std::uint8_t number, double value) {
  return u32(number, scaled(value, 100, kNo32));
}
FitField duration(std::uint8_t number, double value) {
  return u32(number, scaled(value, 1000, kNo32));
}

/// Degrees as FIT has them: the whole circle is 2^32.
std::uint32_t semicircles(double degrees) {
  constexpr double kHalfCircle = 2'147'483'648.0;
  const double value = std::round(degrees / 180 * kHalfCircle);
  return static_cast<std::uint32_t>(
      static_cast<std::int32_t>(std::clamp(value, -kHalfCircle, kNoS32 - 1.0)));
}
void add_place(std::vector<FitField>& fields, std::uint8_t lat, const TrackPoint* point) {
  const auto no = static_cast<std::uint32_t>(kNoS32);
  fields.push_back(
      FitField::number_of(lat, FitType::s32, point ? semicircles(point->position.lat_deg) : no));
  fields.push_back(FitField::number_of(static_cast<std::uint8_t>(lat + 1), FitType::s32,
                                       point ? semicircles(point->position.lon_deg) : no));
}

/// The track, second by second.
class Way {
 public:
  explicit Way(const std::vector<TrackPoint>& track) : track_(track) {}

  bool known() const { return !track_.empty(); }
  /// Goes on to a later second.
  void go_to(int t_s) {
    while (next_ < track_.size() && track_[next_].t_s <= t_s) ++next_;
    t_s_ = t_s;
  }
  /// Of a record: where, how far, how fast.
  void add(std::vector<FitField>& fields) const {
    const TrackPoint* last = next_ > 0 ? &track_[next_ - 1] : nullptr;
    const TrackPoint* here = last && last->t_s == t_s_ ? last : nullptr;
    add_place(fields, 0, here);
    fields.push_back(last ? metres(5, last->distance_m) : u32(5, kNo32));
    fields.push_back(speed(6, here ? here->speed_mps : std::nullopt));
  }
  /// Of the rider about now.
  std::optional<double> speed_mps() const {
    if (next_ == 0 || track_[next_ - 1].t_s < t_s_ - kLongestSpeed_s) return std::nullopt;
    return track_[next_ - 1].speed_mps;
  }
  std::optional<double> greatest_mps() const {
    std::optional<double> greatest;
    for (const TrackPoint& one : track_) greatest = std::max(greatest, one.speed_mps);
    return greatest;
  }
  const TrackPoint* first() const { return known() ? &track_.front() : nullptr; }
  const TrackPoint* last() const { return known() ? &track_.back() : nullptr; }

 private:
  const std::vector<TrackPoint>& track_;
  std::size_t next_ = 0;
  int t_s_ = 0;
};

/// Numbers of the same fields in the messages lap and session.
struct TotalFields {
  std::uint8_t average_speed;
  std::uint8_t greatest_speed;
  std::uint8_t moving_time;
};
constexpr TotalFields kOfLap{13, 14, 52};
constexpr TotalFields kOfSession{14, 15, 59};

void add_totals(std::vector<FitField>& fields, const RideRecord& ride, const Way& way,
                const TotalFields& numbers, double duration_s) {
  if (const auto distance_m = ride.ride.distance_m()) {
    fields.push_back(metres(9, *distance_m));
    fields.push_back(speed(numbers.average_speed, *distance_m / duration_s));
    fields.push_back(duration(numbers.moving_time, ride.ride.travelled.moving_s));
  }
  if (!way.known()) return;
  add_place(fields, 3, way.first());
  fields.push_back(speed(numbers.greatest_speed, way.greatest_mps()));
}

void describe(FitFile& file, bool with_rider) {
  file.add(developer_data_id, {FitField{1, FitType::bytes, std::string(kApplication)}, u8(3, 0)});
  struct Described {
    Radar field;
    FitType type;
    std::string_view name;
    std::string_view unit;
    Message message;
  };
  for (const Described& one :
       {Described{radar_ranges, FitType::s16, "radar_ranges", "m", record},
        {radar_speeds, FitType::u8, "radar_speeds", "m/s", record},
        {radar_current, FitType::u16, "radar_current", "", record},
        {radar_total, FitType::u16, "radar_total", "", session},
        {radar_lap, FitType::u16, "radar_lap", "", lap},
        {passing_speed, FitType::u8, "passing_speed", "km/h", record},
        {passing_speedabs, FitType::u8, "passing_speedabs", "km/h", record}}) {
    if (one.field == passing_speedabs && !with_rider) continue;
    file.add(field_description,
             {u8(0, 0), u8(1, one.field), u8(2, static_cast<std::uint32_t>(one.type)),
              FitField::text(3, one.name), FitField::text(8, one.unit), u16(14, one.message)});
  }
}

struct Target {
  double range_m;
  double closing_mps;
};

/// Where the vehicles that will pass are at a second of the ride, nearest first. first: of the
/// passes that are still to come.
std::vector<Target> targets_at(const RideRecord& ride, std::size_t first, double t_s) {
  constexpr double kLongestLead_s = 60;
  std::vector<Target> targets;
  for (std::size_t i = first; i < ride.passes.size(); ++i) {
    const Pass& pass = ride.passes[i];
    const double left_s = std::chrono::duration<double>(pass.time - ride.ride.start).count() - t_s;
    if (left_s > kLongestLead_s) break;
    // Whoever passes is near in the last second, whatever else is known of it.
    const double lead_s = std::max(pass.lead_s.value_or(0), 1.0);
    if (left_s > lead_s) continue;
    const double closing_mps = std::max(pass.closing_mps.value_or(0), 0.0);
    const double range_m = left_s <= 1 ? kPassing_m : std::max(closing_mps * left_s, kPassing_m);
    targets.push_back({std::min(range_m, kFarthest_m), closing_mps});
  }
  std::sort(targets.begin(), targets.end(),
            [](const Target& a, const Target& b) { return a.range_m < b.range_m; });
  targets.resize(std::min(targets.size(), kTargets));
  return targets;
}

std::uint32_t kmh(double mps) {
  return static_cast<std::uint32_t>(std::lround(mps * 3.6));
}

std::vector<FitField> radar_fields(const std::vector<Target>& targets, bool sees,
                                   std::size_t passed, const Way& way) {
  FitField ranges{radar_ranges, FitType::s16, {}};
  FitField speeds{radar_speeds, FitType::u8, {}};
  for (std::size_t i = 0; i < kTargets; ++i) {
    const bool there = i < targets.size();
    const auto range = there ? static_cast<std::uint32_t>(std::lround(targets[i].range_m)) : 0;
    const auto speed =
        there ? static_cast<std::uint32_t>(std::lround(std::min(targets[i].closing_mps, 254.0)))
              : 0;
    append_little_endian(ranges.values, sees ? range : kNoRange, 2);
    append_little_endian(speeds.values, sees ? speed : kNoSpeed, 1);
  }
  const std::uint32_t faster = sees && !targets.empty() ? kmh(targets.front().closing_mps) : 0;
  std::vector<FitField> fields{std::move(ranges), std::move(speeds),
                               u16(radar_current, static_cast<std::uint32_t>(passed)),
                               u8(passing_speed, std::min(faster, kNo8 - 1))};
  if (!way.known()) return fields;
  const auto rider_mps = way.speed_mps();
  fields.push_back(u8(passing_speedabs, faster == 0 ? 0
                                        : rider_mps ? std::min(faster + kmh(*rider_mps), kNo8 - 1)
                                                    : kNo8));
  return fields;
}

}  // namespace

RideRecord ride_record(const RideArchive& archive, const Ride& ride) {
  RideRecord found{ride, {}, archive.track(ride.id)};
  PassQuery passes;
  passes.ride = ride.id;
  passes.limit = kPage;
  while (true) {
    const auto page = archive.passes(passes);
    found.passes.insert(found.passes.end(), page.begin(), page.end());
    if (page.size() < kPage) break;
    passes.after = page.back().id;
  }
  return found;
}

std::string ride_fit(const RideRecord& ride) {
  const std::uint32_t start = fit_time(ride.ride.start);
  const std::int64_t seconds =
      std::clamp<std::int64_t>(std::llround(std::ceil(ride.ride.duration_s)), 1, kLongest_s);
  const std::uint32_t end = start + static_cast<std::uint32_t>(seconds);
  const auto milliseconds = static_cast<std::uint32_t>(seconds * 1000);
  FitFile file;
  file.add(file_id, {choice(0, kFileActivity), u16(1, kManufacturerDevelopment), u16(2, 0),
                     FitField::number_of(3, FitType::u32z, 1), u32(4, start)});
  Way way(ride.track);
  describe(file, way.known());
  file.add(event, {u32(kTimestamp, start), choice(0, kEventTimer), choice(1, kStart)});
  auto unseen = ride.ride.unseen.begin();
  std::size_t passed = 0;
  for (std::int64_t t = 0; t < seconds; ++t) {
    const auto gone = [&](const Pass& pass) {
      return pass.time <= ride.ride.start + std::chrono::seconds(t);
    };
    while (passed < ride.passes.size() && gone(ride.passes[passed])) ++passed;
    std::vector<FitField> fields{u32(kTimestamp, start + static_cast<std::uint32_t>(t))};
    way.go_to(static_cast<int>(t));
    while (unseen != ride.ride.unseen.end() && unseen->to_s <= t) ++unseen;
    const bool sees = unseen == ride.ride.unseen.end() || unseen->from_s > t;
    if (way.known()) way.add(fields);
    file.add(record, fields,
             radar_fields(targets_at(ride, passed, static_cast<double>(t)), sees, passed, way));
  }
  const auto total = static_cast<std::uint32_t>(ride.passes.size());
  file.add(event, {u32(kTimestamp, end), choice(0, kEventTimer), choice(1, kStopAll)});
  std::vector<FitField> of_lap{u16(kMessageIndex, 0), u32(kTimestamp, end), u32(2, start),
                               u32(7, milliseconds),  u32(8, milliseconds), choice(0, kEventLap),
                               choice(1, kStop)};
  const auto whole_s = static_cast<double>(seconds);
  add_totals(of_lap, ride, way, kOfLap, whole_s);
  if (way.known()) add_place(of_lap, 5, way.last());
  file.add(lap, of_lap, {u16(radar_lap, total)});
  std::vector<FitField> of_session{
      u16(kMessageIndex, 0), u32(kTimestamp, end), u32(2, start), u32(7, milliseconds),
      u32(8, milliseconds),  choice(5, kCycling),  choice(6, 0),  choice(0, kEventSession),
      choice(1, kStop),      u16(25, 0),           u16(26, 1)};
  add_totals(of_session, ride, way, kOfSession, whole_s);
  file.add(session, of_session, {u16(radar_total, total)});
  file.add(activity, {u32(kTimestamp, end), u32(0, milliseconds), u16(1, 1), choice(2, 0),
                      choice(3, kEventActivity), choice(4, kStop)});
  return file.whole();
}

}  // namespace rearview

#include "fit/ride_fit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
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
/// gives them no units; its speeds of passing vehicles are in those of the device's settings. Its
/// field 6, passing_speedabs, would take the rider's speed.
constexpr std::string_view kApplication =
    "\xc6\x47\x04\x4c\xc3\x21\x44\xbb\xbf\x8a\x24\x1a\x87\xa0\xeb\x2e";
enum Radar : std::uint8_t {  // from 0 on
  radar_ranges,
  radar_speeds,
  radar_current,
  radar_total,
  radar_lap,
  passing_speed
};
constexpr std::size_t kTargets = 8;
constexpr std::uint32_t kNoRange = 0xFFFF;  // -1
constexpr std::uint32_t kNoSpeed = 255;
constexpr double kFarthest_m = 300;
/// Where a vehicle counts as passing. Sites count one whose range ends below 10 m.
constexpr double kPassing_m = 3;
constexpr std::int64_t kLongest_s = 86'400;
constexpr std::size_t kPage = 1000;

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

void describe(FitFile& file) {
  file.add(developer_data_id, {FitField{1, FitType::bytes, std::string(kApplication)}, u8(3, 0)});
  struct Described {
    Radar field;
    FitType type;
    std::string_view name;
    std::string_view unit;
    Message message;
  };
  for (const Described& one : {Described{radar_ranges, FitType::s16, "radar_ranges", "m", record},
                               {radar_speeds, FitType::u8, "radar_speeds", "m/s", record},
                               {radar_current, FitType::u16, "radar_current", "", record},
                               {radar_total, FitType::u16, "radar_total", "", session},
                               {radar_lap, FitType::u16, "radar_lap", "", lap},
                               {passing_speed, FitType::u8, "passing_speed", "km/h", record}})
    file.add(field_description,
             {u8(0, 0), u8(1, one.field), u8(2, static_cast<std::uint32_t>(one.type)),
              FitField::text(3, one.name), FitField::text(8, one.unit), u16(14, one.message)});
}

/// Whether the camera saw the road, second by second of the ride.
std::vector<bool> seeing(const RideRecord& ride, std::int64_t seconds) {
  std::vector<bool> sees(static_cast<std::size_t>(seconds), true);
  const auto blind = [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t t = std::max<std::int64_t>(from, 0); t < std::min(to, seconds); ++t)
      sees[static_cast<std::size_t>(t)] = false;
  };
  std::int64_t since = -1;
  for (const Alert& alert : ride.alerts) {
    const auto at =
        std::chrono::duration_cast<std::chrono::seconds>(alert.time - ride.ride.start).count();
    const bool lost = alert.kind == AlertKind::camera_lost || alert.kind == AlertKind::view_blocked;
    if (lost && since < 0) since = at;
    if (lost || since < 0) continue;
    blind(since, at);
    since = -1;
  }
  if (since >= 0) blind(since, seconds);
  return sees;
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

std::vector<FitField> radar_fields(const std::vector<Target>& targets, bool sees,
                                   std::size_t passed) {
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
  const double kmh = sees && !targets.empty() ? targets.front().closing_mps * 3.6 : 0;
  return {std::move(ranges), std::move(speeds),
          u16(radar_current, static_cast<std::uint32_t>(passed)),
          u8(passing_speed, static_cast<std::uint32_t>(std::lround(std::min(kmh, 254.0))))};
}

}  // namespace

RideRecord ride_record(const RideArchive& archive, const Ride& ride) {
  RideRecord found{ride, {}, {}};
  PassQuery passes;
  passes.ride = ride.id;
  passes.limit = kPage;
  while (true) {
    const auto page = archive.passes(passes);
    found.passes.insert(found.passes.end(), page.begin(), page.end());
    if (page.size() < kPage) break;
    passes.after = page.back().id;
  }
  AlertQuery alerts;
  alerts.camera = ride.camera;
  alerts.limit = kPage;
  while (true) {
    const auto page = archive.alerts(alerts);
    for (const Alert& alert : page) {
      if (alert.keeping && alert.keeping->ride == ride.id) found.alerts.push_back(alert);
    }
    if (page.size() < kPage) break;
    alerts.after = page.back().id;
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
  describe(file);
  file.add(event, {u32(kTimestamp, start), choice(0, kEventTimer), choice(1, kStart)});
  const std::vector<bool> sees = seeing(ride, seconds);
  std::size_t passed = 0;
  for (std::int64_t t = 0; t < seconds; ++t) {
    const auto gone = [&](const Pass& pass) {
      return pass.time <= ride.ride.start + std::chrono::seconds(t);
    };
    while (passed < ride.passes.size() && gone(ride.passes[passed])) ++passed;
    file.add(record, {u32(kTimestamp, start + static_cast<std::uint32_t>(t))},
             radar_fields(targets_at(ride, passed, static_cast<double>(t)),
                          sees[static_cast<std::size_t>(t)], passed));
  }
  const auto total = static_cast<std::uint32_t>(ride.passes.size());
  file.add(event, {u32(kTimestamp, end), choice(0, kEventTimer), choice(1, kStopAll)});
  file.add(lap,
           {u16(kMessageIndex, 0), u32(kTimestamp, end), u32(2, start), u32(7, milliseconds),
            u32(8, milliseconds), choice(0, kEventLap), choice(1, kStop)},
           {u16(radar_lap, total)});
  file.add(session,
           {u16(kMessageIndex, 0), u32(kTimestamp, end), u32(2, start), u32(7, milliseconds),
            u32(8, milliseconds), choice(5, kCycling), choice(6, 0), choice(0, kEventSession),
            choice(1, kStop), u16(25, 0), u16(26, 1)},
           {u16(radar_total, total)});
  file.add(activity, {u32(kTimestamp, end), u32(0, milliseconds), u16(1, 1), choice(2, 0),
                      choice(3, kEventActivity), choice(4, kStop)});
  return file.whole();
}

}  // namespace rearview

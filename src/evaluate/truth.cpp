#include "evaluate/truth.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/config_reader.h"
#include "base/error.h"

namespace rearview {
namespace {

constexpr std::size_t kMostBytes = std::size_t{64} << 20;
constexpr std::size_t kMostVehicles = 100'000;
constexpr std::size_t kMostSamples = 1'000'000;
constexpr double kLatest_s = 1e6;

/// y = value + slope * x by least squares.
struct Line {
  double value = 0;
  double slope = 0;
};

Line line_through(const std::vector<cv::Point2d>& points) {
  double x = 0;
  double y = 0;
  for (const auto& p : points) {
    x += p.x;
    y += p.y;
  }
  const auto n = static_cast<double>(points.size());
  x /= n;
  y /= n;
  double xx = 0;
  double xy = 0;
  for (const auto& p : points) {
    xx += (p.x - x) * (p.x - x);
    xy += (p.x - x) * (p.y - y);
  }
  const double slope = xx > 0 ? xy / xx : 0;
  return {y - slope * x, slope};
}

std::vector<TruthSample>::const_iterator first_not_before(const std::vector<TruthSample>& samples,
                                                          double t_s) {
  return std::partition_point(samples.begin(), samples.end(),
                              [t_s](const TruthSample& s) { return s.t_s < t_s; });
}

bool cut(const cv::Rect2f& box, cv::Size picture) {
  constexpr float kMargin_px = 2;
  return box.x <= kMargin_px || box.y <= kMargin_px ||
         box.br().x >= static_cast<float>(picture.width) - kMargin_px ||
         box.br().y >= static_cast<float>(picture.height) - kMargin_px;
}

const nlohmann::json& needed(ConfigReader& reader, const char* key) {
  const nlohmann::json* value = reader.raw(key);
  if (!value) reader.fail(key, "is missing");
  return *value;
}

double needed_number(ConfigReader& reader, const char* key, double least, double most) {
  needed(reader, key);
  double value = least;
  reader.number(key, value, least, most);
  return value;
}

std::string needed_id(ConfigReader& reader) {
  const nlohmann::json& value = needed(reader, "id");
  if (value.is_number_integer()) return value.dump();
  if (!value.is_string()) reader.fail("id", "is neither a whole number nor a string");
  return value.get<std::string>();
}

/// [[t_s, x, y, w, h, distance_m | null], …]
TruthTrack read_track(ConfigReader& reader) {
  const nlohmann::json* value = reader.raw("track");
  if (!value || value->is_null()) return {};
  if (!value->is_array() || value->size() > kMostSamples)
    reader.fail("track", "is not an array of samples");
  std::vector<TruthSample> samples;
  samples.reserve(value->size());
  for (const auto& entry : *value) {
    const auto refuse = [&](const char* problem) {
      reader.fail("track", fmt::format("entry {} {}", samples.size(), problem));
    };
    if (!entry.is_array() || entry.size() < 5 || entry.size() > 6)
      refuse("is not [t_s, x, y, w, h, distance_m or null]");
    std::array<double, 5> numbers{};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (!entry[i].is_number()) refuse("has something that is not a number");
      numbers[i] = entry[i].get<double>();
    }
    const auto [t, x, y, w, h] = numbers;
    if (w < 0 || h < 0) refuse("has a side below 0");
    if (!samples.empty() && t <= samples.back().t_s) refuse("is not later than the one before");
    TruthSample sample{t,
                       {static_cast<float>(x), static_cast<float>(y), static_cast<float>(w),
                        static_cast<float>(h)},
                       std::nullopt};
    if (entry.size() == 6 && !entry[5].is_null()) {
      if (!entry[5].is_number() || entry[5].get<double>() < 0)
        refuse("has a distance that is neither null nor a number from 0");
      sample.distance_m = entry[5].get<double>();
    }
    samples.push_back(sample);
  }
  return TruthTrack(std::move(samples));
}

TruthEvent read_event(ConfigReader& reader) {
  TruthEvent event;
  event.id = needed_id(reader);
  reader.text("class", event.vehicle_class);
  reader.text("side", event.side);
  event.t_visible_s = needed_number(reader, "t_visible_s", 0, kLatest_s);
  event.t_pass_s = needed_number(reader, "t_pass_s", 0, kLatest_s);
  if (event.t_pass_s < event.t_visible_s) reader.fail("t_pass_s", "lies before t_visible_s");
  reader.boolean("pass_seen", event.pass_seen);
  reader.boolean("pass_timed", event.pass_timed);
  reader.boolean("side_uncertain", event.side_uncertain);
  if (const nlohmann::json* lateral = reader.raw("lateral_m"); lateral && lateral->is_number())
    event.lateral_m = lateral->get<double>();
  event.track = read_track(reader);
  return event;
}

TruthOther read_other(ConfigReader& reader) {
  TruthOther other;
  other.id = needed_id(reader);
  needed(reader, "kind");
  reader.text("kind", other.kind, 1);
  other.t0_s = needed_number(reader, "t0_s", 0, kLatest_s);
  other.t1_s = needed_number(reader, "t1_s", 0, kLatest_s);
  if (other.t1_s < other.t0_s) reader.fail("t1_s", "lies before t0_s");
  other.track = read_track(reader);
  return other;
}

/// Like ConfigReader::objects, for entries that may say more than is read.
template <typename T>
void read_each(ConfigReader& reader, const char* key, bool must, std::vector<T>& target,
               T (*read)(ConfigReader&)) {
  const nlohmann::json* value = must ? &needed(reader, key) : reader.raw(key);
  if (!value) return;
  if (!value->is_array() || value->size() > kMostVehicles)
    reader.fail(key, fmt::format("is not an array of at most {} objects", kMostVehicles));
  for (std::size_t i = 0; i < value->size(); ++i) {
    ConfigReader entry((*value)[i], reader.source(),
                       fmt::format("{}/{}/{}", reader.where(), key, i));
    target.push_back(read(entry));
  }
}

}  // namespace

cv::Rect2f TruthTrack::box_at(double t_s) const {
  const auto after = first_not_before(samples_, t_s);
  if (after == samples_.begin()) return samples_.front().box;
  if (after == samples_.end()) return samples_.back().box;
  const TruthSample& a = *std::prev(after);
  const TruthSample& b = *after;
  const auto part = static_cast<float>((t_s - a.t_s) / (b.t_s - a.t_s));
  const auto mix = [part](float from, float to) { return from + part * (to - from); };
  return {mix(a.box.x, b.box.x), mix(a.box.y, b.box.y), mix(a.box.width, b.box.width),
          mix(a.box.height, b.box.height)};
}

std::optional<double> TruthTrack::distance_at(double t_s) const {
  const auto after = first_not_before(samples_, t_s);
  if (after == samples_.end()) return std::nullopt;
  if (after == samples_.begin()) return after->t_s == t_s ? after->distance_m : std::nullopt;
  const TruthSample& a = *std::prev(after);
  if (!a.distance_m || !after->distance_m) return std::nullopt;
  const double part = (t_s - a.t_s) / (after->t_s - a.t_s);
  return *a.distance_m + part * (*after->distance_m - *a.distance_m);
}

std::optional<TruthTrack::Closing> TruthTrack::closing_at(double t_s, cv::Size picture) const {
  constexpr double kWindow_s = 0.5;
  constexpr double kLeastSpan_s = 0.3;
  constexpr std::size_t kLeastSamples = 4;
  constexpr double kLongestTtc_s = 10;
  std::vector<cv::Point2d> distances;
  std::vector<cv::Point2d> heights;
  for (const TruthSample& sample : samples_) {
    const double x = sample.t_s - t_s;
    if (std::abs(x) > kWindow_s) continue;
    // Beside the camera a distance stays 0 and says nothing more of speed.
    if (sample.distance_m && *sample.distance_m > 0) distances.emplace_back(x, *sample.distance_m);
    if (!cut(sample.box, picture) && sample.box.height >= 1)
      heights.emplace_back(x, std::log(static_cast<double>(sample.box.height)));
  }
  const auto enough = [](const std::vector<cv::Point2d>& points) {
    return points.size() >= kLeastSamples && points.back().x - points.front().x >= kLeastSpan_s;
  };
  Closing closing;
  if (enough(distances)) {
    const Line line = line_through(distances);
    if (line.slope >= 0 || line.value <= 0) return std::nullopt;
    closing = {line.value / -line.slope, -line.slope};
  } else if (enough(heights)) {
    const Line line = line_through(heights);
    if (line.slope <= 0) return std::nullopt;
    closing = {1 / line.slope, std::nullopt};
  } else {
    return std::nullopt;
  }
  if (closing.ttc_s > kLongestTtc_s) return std::nullopt;
  return closing;
}

bool TruthOther::soft() const {
  return kind == "closing, no pass" || kind == "alongside" || kind == "passing at clip start" ||
         kind == "other carriageway, passes" || kind == "not marked";
}

bool Truth::ignored(double t_s) const {
  return std::any_of(ignore.begin(), ignore.end(),
                     [t_s](const auto& span) { return t_s >= span.first && t_s <= span.second; });
}

Truth read_truth(const std::filesystem::path& file) {
  const nlohmann::json json = read_json_file(file, kMostBytes);
  ConfigReader reader(json, file.string());
  Truth truth;
  truth.file = file;
  needed(reader, "input");
  reader.path("input", truth.input);
  if (truth.input.empty()) reader.fail("input", "is empty; the path of the recording");
  truth.fps = needed_number(reader, "fps", 1, 240);
  if (reader.raw("duration_s"))
    truth.duration_s = needed_number(reader, "duration_s", 0, kLatest_s);
  read_each(reader, "events", true, truth.events, read_event);
  read_each(reader, "others", false, truth.others, read_other);
  if (const nlohmann::json* ignore = reader.raw("ignore")) {
    if (!ignore->is_array()) reader.fail("ignore", "is not an array");
    for (const auto& span : *ignore) {
      if (!span.is_array() || span.size() != 2 || !span[0].is_number() || !span[1].is_number() ||
          span[1].get<double>() < span[0].get<double>())
        reader.fail("ignore", fmt::format("entry {} is not [t0_s, t1_s]", truth.ignore.size()));
      truth.ignore.emplace_back(span[0].get<double>(), span[1].get<double>());
    }
  }
  return truth;
}

float overlap(const cv::Rect2f& a, const cv::Rect2f& b) {
  const float both = (a & b).area();
  const float either = a.area() + b.area() - both;
  return either > 0 ? both / either : 0;
}

}  // namespace rearview

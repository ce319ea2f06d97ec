#include "position/gpsd_reader.h"

#include <gps.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

namespace rearview {
namespace {

using Json = nlohmann::json;

static_assert(GPSD_API_MAJOR_VERSION >= 11, "libgps of gpsd 3.22 or later");

/// gpsd writes the class first.
bool is_of_class(std::string_view line, std::string_view name) {
  constexpr std::string_view kClass = R"({"class":")";
  if (!line.starts_with(kClass)) return false;
  line.remove_prefix(kClass.size());
  return line.starts_with(name) && line.substr(name.size()).starts_with('"');
}

/// NaN where it isn't told.
double number_of(const Json& report, const char* key) {
  const auto found = report.find(key);
  return found != report.end() && found->is_number() ? found->get<double>()
                                                     : std::numeric_limits<double>::quiet_NaN();
}

std::optional<double> accuracy_of(const Json& report) {
  const double eph_m = number_of(report, "eph");
  const double accuracy_m =
      std::isfinite(eph_m) ? eph_m : std::hypot(number_of(report, "epx"), number_of(report, "epy"));
  if (!std::isfinite(accuracy_m) || accuracy_m < 0) return std::nullopt;
  return accuracy_m;
}

/// Of the receiver's clock, since 1970.
std::optional<double> time_of(const Json& report) {
  constexpr std::size_t kLongest = 32;  // 2024-05-04T10:11:12.000Z
  const auto found = report.find("time");
  if (found == report.end() || !found->is_string()) return std::nullopt;
  auto text = found->get<std::string>();
  const auto may_stand = [](char c) {
    return (c >= '0' && c <= '9') || c == '-' || c == ':' || c == '.' || c == 'T' || c == 'Z';
  };
  if (text.size() > kLongest || !std::all_of(text.begin(), text.end(), may_stand))
    return std::nullopt;
  const timespec_t time = iso8601_to_timespec(text.data());
  if (time.tv_sec <= 0) return std::nullopt;
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// Receivers without a fix tend to say 0, 0, which is in the Atlantic.
bool is_somewhere(double lat_deg, double lon_deg) {
  return std::abs(lat_deg) <= 90 && std::abs(lon_deg) <= 180 && (lat_deg != 0 || lon_deg != 0);
}

}  // namespace

GpsdReport GpsdReader::read(std::string_view line) const {
  using Kind = GpsdReport::Kind;
  if (!line.starts_with('{') || !line.ends_with('}')) return {.kind = Kind::garbage};
  const bool position = is_of_class(line, "TPV");
  if (!position && !is_of_class(line, "VERSION")) return {.kind = Kind::other};
  // libgps' own reader never comes back from some lines that gpsd doesn't send.
  const Json report = Json::parse(line, nullptr, false);
  if (!report.is_object()) return {.kind = Kind::garbage};
  if (position) return judge(report);
  const auto protocol = report.find("proto_major");
  if (protocol == report.end() || !protocol->is_number_integer()) return {.kind = Kind::garbage};
  return {.kind = Kind::version, .protocol = protocol->get<int>()};
}

GpsdReport GpsdReader::judge(const Json& told) const {
  using Kind = GpsdReport::Kind;
  if (!(number_of(told, "mode") >= MODE_2D)) return {.kind = Kind::no_fix};
  const double status = number_of(told, "status");
  if (status == STATUS_SIM || status == STATUS_TIME) return {.kind = Kind::simulated};
  const double lat_deg = number_of(told, "lat");
  const double lon_deg = number_of(told, "lon");
  // gpsd reports also what it has of a position so far.
  if (std::isnan(lat_deg) || std::isnan(lon_deg)) return {.kind = Kind::other};
  if (!is_somewhere(lat_deg, lon_deg)) return {.kind = Kind::impossible};
  GpsdReport report{.kind = Kind::fix};
  report.fix.position = {lat_deg, lon_deg, accuracy_of(told)};
  if (report.fix.position.accuracy_m > worst_accuracy_m_) return {.kind = Kind::inaccurate};
  const double speed_mps = number_of(told, "speed");
  if (speed_mps >= 0 && speed_mps <= kFastest_mps) report.fix.speed_mps = speed_mps;
  report.fix.time_s = time_of(told);
  return report;
}

}  // namespace rearview

#include "position/gpsd_reader.h"

#include <gps.h>

#include <cmath>

namespace rearview {
namespace {

static_assert(GPSD_API_MAJOR_VERSION >= 11, "libgps of gpsd 3.22 or later");

/// gpsd writes the class first.
bool is_of_class(std::string_view line, std::string_view name) {
  constexpr std::string_view kClass = R"({"class":")";
  if (!line.starts_with(kClass)) return false;
  line.remove_prefix(kClass.size());
  return line.starts_with(name) && line.substr(name.size()).starts_with('"');
}

std::optional<double> accuracy_of(const gps_fix_t& fix) {
  const double accuracy_m = std::isfinite(fix.eph) ? fix.eph : std::hypot(fix.epx, fix.epy);
  if (!std::isfinite(accuracy_m) || accuracy_m < 0) return std::nullopt;
  return accuracy_m;
}

/// Receivers without a fix tend to say 0, 0, which is in the Atlantic.
bool is_somewhere(double lat_deg, double lon_deg) {
  return std::abs(lat_deg) <= 90 && std::abs(lon_deg) <= 180 && (lat_deg != 0 || lon_deg != 0);
}

}  // namespace

GpsdReader::GpsdReader(double worst_accuracy_m)
    : worst_accuracy_m_(worst_accuracy_m), data_(std::make_unique<gps_data_t>()) {}

GpsdReader::~GpsdReader() = default;

GpsdReport GpsdReader::read(std::string_view line) {
  using Kind = GpsdReport::Kind;
  if (!line.starts_with('{') || !line.ends_with('}')) return {.kind = Kind::garbage};
  const bool position = is_of_class(line, "TPV");
  if (!position && !is_of_class(line, "VERSION")) return {.kind = Kind::other};
  std::string text(line);  // the library may write into it
  data_->set = 0;
  gps_unpack(text.data(), data_.get());
  if (position) return judge();
  if ((data_->set & VERSION_SET) == 0) return {.kind = Kind::garbage};
  return {.kind = Kind::version, .protocol = data_->version.proto_major};
}

GpsdReport GpsdReader::judge() const {
  using Kind = GpsdReport::Kind;
  const gps_fix_t& fix = data_->fix;
  if ((data_->set & MODE_SET) == 0 || fix.mode < MODE_2D) return {.kind = Kind::no_fix};
  if (fix.status == STATUS_SIM || fix.status == STATUS_TIME) return {.kind = Kind::simulated};
  // gpsd reports also what it has of a position so far.
  if (std::isnan(fix.latitude) || std::isnan(fix.longitude)) return {.kind = Kind::other};
  if (!is_somewhere(fix.latitude, fix.longitude)) return {.kind = Kind::impossible};
  GpsdReport report{.kind = Kind::fix};
  report.fix.position = {fix.latitude, fix.longitude, accuracy_of(fix)};
  if (report.fix.position.accuracy_m > worst_accuracy_m_) return {.kind = Kind::inaccurate};
  if (std::isfinite(fix.speed) && fix.speed >= 0 && fix.speed <= kFastest_mps)
    report.fix.speed_mps = fix.speed;
  if ((data_->set & TIME_SET) != 0 && fix.time.tv_sec > 0)
    report.fix.time_s =
        static_cast<double>(fix.time.tv_sec) + static_cast<double>(fix.time.tv_nsec) * 1e-9;
  return report;
}

}  // namespace rearview

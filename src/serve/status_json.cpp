#include "serve/status_json.h"

#include <fmt/core.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/printable_url.h"
#include "types/json.h"

namespace rearview {
namespace {

using Json = nlohmann::ordered_json;

Json tenths(double value) {
  if (!std::isfinite(value)) return nullptr;
  return std::round(value * 10) / 10;
}

Json percentiles_json(const Percentiles& value) {
  return {{"p50", tenths(value.p50_ms)}, {"p95", tenths(value.p95_ms)}};
}

std::string with_text(std::string problem, const std::string& text) {
  return text.empty() ? problem : problem + ": " + text;
}

Json pace_json(const std::optional<DetectorPace>& pace) {
  if (!pace) return nullptr;
  return {{"every", pace->every},
          {"input", {{"width", pace->input_px.width}, {"height", pace->input_px.height}}}};
}

}  // namespace

std::string analysis_problem(const CameraView& camera) {
  const CameraStatus& status = camera.status;
  if (status.state == CameraState::failed || status.analysis == AnalysisState::failed)
    return with_text("the analysis has failed", status.text);
  if (status.state == CameraState::live && camera.analysis_stale)
    return camera.analysis_age_s
               ? fmt::format("pictures arrive, but none was analysed for {:.1f} s",
                             *camera.analysis_age_s)
               : std::string("pictures arrive, but none has been analysed yet");
  return {};
}

std::string camera_problem(const CameraView& camera) {
  if (std::string problem = analysis_problem(camera); !problem.empty()) return problem;
  if (camera.status.state == CameraState::live) return {};
  return with_text(std::string(name(camera.status.state)), camera.status.text);
}

Road road_of(const CameraView& camera) {
  if (camera.analysis_stale || camera.status.analysis == AnalysisState::failed)
    return Road::no_signal;
  return camera.status.road;
}

Json to_json(const CameraView& camera) {
  const CameraStatus& status = camera.status;
  Json drops = Json::object();
  for (const auto& [reason, count] : status.drops) drops[reason] = count;
  Json stages = Json::object();
  for (const auto& [stage, latency] : status.stages) stages[stage] = percentiles_json(latency);
  const bool seen = status.width_px > 0 && status.height_px > 0;
  return {
      {"name", status.name},
      {"url", printable_url(status.url)},
      {"state", name(status.state)},
      {"text", status.text},
      {"analysis", name(status.analysis)},
      {"road", name(road_of(camera))},
      {"resolution",
       seen ? Json{{"width", status.width_px}, {"height", status.height_px}} : Json(nullptr)},
      {"fps_in", tenths(status.fps_in)},
      {"fps_analysed", tenths(status.fps_analysed)},
      {"pace", pace_json(status.pace)},
      {"frame_age_s", tenths(status.frame_age_s)},
      {"analysis_age_s", camera.analysis_age_s ? tenths(*camera.analysis_age_s) : Json(nullptr)},
      {"drops", std::move(drops)},
      {"latency_ms",
       {{"decode", percentiles_json(status.decode)},
        {"analyse", percentiles_json(status.analyse)},
        {"total", percentiles_json(status.total)},
        {"stages", std::move(stages)}}},
      {"connections", status.connections},
      {"bytes_received", status.bytes_received},
      {"frames_decoded", status.frames_decoded},
      {"frames_analysed", status.frames_analysed},
      {"pictures_encoded", status.pictures_encoded},
      {"viewers", camera.viewers},
      {"video_viewers", camera.video_viewers},
      {"video_units_skipped", camera.video_units_skipped}};
}

RoadReport road_report(const CameraView& camera) {
  RoadReport report;
  report.camera = camera.status.name;
  report.state = camera.status.state;
  report.analysis = camera.status.analysis;
  report.road = road_of(camera);
  const std::string problem = analysis_problem(camera);
  report.text = problem.empty() ? camera.status.text : problem;
  report.pictures = camera.pictures;
  report.passes = camera.passes;
  report.close_passes = camera.close_passes;
  if (!is_seen(report.road, report.analysis)) return report;
  report.threat = camera.threat;
  report.vehicles = camera.vehicles;
  return report;
}

}  // namespace rearview

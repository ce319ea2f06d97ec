#include "serve/metrics.h"

#include <fmt/core.h>

#include <array>
#include <functional>
#include <string_view>

#include "site/metrics_page.h"
#include "types/json.h"

namespace rearview {
namespace {

using Cameras = std::vector<CameraView>;

std::string label(const CameraView& camera) {
  return fmt::format("camera=\"{}\"", escaped_label(camera.status.name));
}

template <typename F>
void per_camera(MetricsPage& page, const Cameras& cameras, std::string_view name,
                std::string_view type, std::string_view help, F value_of) {
  page.family(name, type, help);
  for (const CameraView& camera : cameras) page.value(label(camera), value_of(camera));
}

/// One series for each value an enumeration may have, 1 for the one it has.
template <typename E>
void per_state(MetricsPage& page, const Cameras& cameras, std::string_view family,
               std::string_view help, std::string_view key,
               const std::function<E(const CameraView&)>& of) {
  page.family(family, "gauge", help);
  for (const CameraView& camera : cameras) {
    for (const E state : values<E>()) {
      page.value(fmt::format("{},{}=\"{}\"", label(camera), key, name(state)),
                 of(camera) == state ? 1 : 0);
    }
  }
}

void camera_metrics(MetricsPage& page, const Cameras& cameras) {
  per_state<CameraState>(page, cameras, "rearview_camera_state",
                         "1 for the state the camera is in.", "state",
                         [](const CameraView& c) { return c.status.state; });
  per_state<AnalysisState>(page, cameras, "rearview_analysis_state",
                           "1 for the state the analysis is in.", "state",
                           [](const CameraView& c) { return c.status.analysis; });
  per_state<Road>(page, cameras, "rearview_road", "1 for what is known of the road behind.", "road",
                  road_of);
  per_camera(page, cameras, "rearview_frames_per_second_in", "gauge",
             "Pictures decoded per second.", [](const CameraView& c) { return c.status.fps_in; });
  per_camera(page, cameras, "rearview_frames_per_second_analysed", "gauge",
             "Pictures analysed per second.",
             [](const CameraView& c) { return c.status.fps_analysed; });
  page.family("rearview_network_every", "gauge",
              "With pace auto: the network looks at every n-th picture that is analysed.");
  for (const CameraView& camera : cameras) {
    if (camera.status.pace) page.value(label(camera), camera.status.pace->every);
  }
  page.family("rearview_network_input_pixels", "gauge",
              "With pace auto: pixels of the network's input.");
  for (const CameraView& camera : cameras) {
    if (camera.status.pace) page.value(label(camera), camera.status.pace->input_px.area());
  }
  per_camera(page, cameras, "rearview_frame_age_seconds", "gauge",
             "Time since the newest picture was received.",
             [](const CameraView& c) { return c.status.frame_age_s; });
  per_camera(page, cameras, "rearview_connections_total", "counter", "Connections to the camera.",
             [](const CameraView& c) { return c.status.connections; });
  per_camera(page, cameras, "rearview_received_bytes_total", "counter",
             "Bytes received from the camera.",
             [](const CameraView& c) { return c.status.bytes_received; });
  per_camera(page, cameras, "rearview_frames_decoded_total", "counter", "Pictures decoded.",
             [](const CameraView& c) { return c.status.frames_decoded; });
  per_camera(page, cameras, "rearview_frames_analysed_total", "counter", "Pictures analysed.",
             [](const CameraView& c) { return c.status.frames_analysed; });
  per_camera(page, cameras, "rearview_pictures_encoded_total", "counter",
             "Overlay pictures encoded for viewers.",
             [](const CameraView& c) { return c.status.pictures_encoded; });
  page.family("rearview_drops_total", "counter", "What was lost on the way, by reason.");
  for (const CameraView& camera : cameras) {
    for (const auto& [reason, count] : camera.status.drops)
      page.value(fmt::format("{},reason=\"{}\"", label(camera), escaped_label(reason)), count);
  }
  page.family("rearview_latency_seconds", "gauge",
              "Age of a picture over the last seconds: decode (received to decoded), analyse (all "
              "stages), total (received to analysis published).");
  for (const CameraView& camera : cameras) {
    const std::array<std::pair<const char*, Percentiles>, 3> steps{
        {{"decode", camera.status.decode},
         {"analyse", camera.status.analyse},
         {"total", camera.status.total}}};
    for (const auto& [step, value] : steps) {
      const std::string of = fmt::format("{},step=\"{}\"", label(camera), step);
      page.value(of + ",quantile=\"0.5\"", value.p50_ms / 1000);
      page.value(of + ",quantile=\"0.95\"", value.p95_ms / 1000);
    }
  }
  page.family("rearview_stage_latency_seconds", "gauge",
              "Time that one stage of the analysis took over the last pictures.");
  for (const CameraView& camera : cameras) {
    for (const auto& [stage, value] : camera.status.stages) {
      const std::string of = fmt::format("{},stage=\"{}\"", label(camera), escaped_label(stage));
      page.value(of + ",quantile=\"0.5\"", value.p50_ms / 1000);
      page.value(of + ",quantile=\"0.95\"", value.p95_ms / 1000);
    }
  }
  per_camera(page, cameras, "rearview_viewers", "gauge", "Open MJPEG streams.",
             [](const CameraView& c) { return c.viewers; });
  per_camera(page, cameras, "rearview_video_viewers", "gauge",
             "Open streams of the original video.",
             [](const CameraView& c) { return c.video_viewers; });
  per_camera(page, cameras, "rearview_video_units_skipped_total", "counter",
             "Access units of the original video that slow viewers missed.",
             [](const CameraView& c) { return c.video_units_skipped; });
}

}  // namespace

std::string metrics_text(const Cameras& cameras, const http::ServerStats& http,
                         const EventStats& events, const std::vector<Metric>& further) {
  MetricsPage page;
  camera_metrics(page, cameras);
  page.family("rearview_alerts_total", "counter", "Alerts sent to subscribers since the start.");
  page.value(events.alerts);
  page.family("rearview_event_subscribers", "gauge", "Open event streams.");
  page.value(events.subscribers);
  page.family("rearview_analyses_skipped_total", "counter",
              "Analyses a slow subscriber was not sent because a newer one came.");
  page.value(events.analyses_skipped);
  page.http(http);
  page.metrics(further);
  return page.take();
}

}  // namespace rearview

#include "serve/metrics.h"

#include <fmt/core.h>

#include <array>
#include <functional>
#include <string_view>

#include "types/json.h"

namespace rearview {
namespace {

/// A label value between its quotes.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

class Page {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
  }
  template <typename T>
  void value(T number) {
    text_ += fmt::format("{} {}\n", name_, number);
  }
  template <typename T>
  void value(std::string_view labels, T number) {
    text_ += fmt::format("{}{{{}}} {}\n", name_, labels, number);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  std::string_view name_;
};

using Cameras = std::vector<CameraView>;

std::string label(const CameraView& camera) {
  return fmt::format("camera=\"{}\"", escaped(camera.status.name));
}

template <typename F>
void per_camera(Page& page, const Cameras& cameras, std::string_view name, std::string_view type,
                std::string_view help, F value_of) {
  page.family(name, type, help);
  for (const CameraView& camera : cameras) page.value(label(camera), value_of(camera));
}

/// One series for each value an enumeration may have, 1 for the one it has.
template <typename E>
void per_state(Page& page, const Cameras& cameras, std::string_view family, std::string_view help,
               std::string_view key, const std::function<E(const CameraView&)>& of) {
  page.family(family, "gauge", help);
  for (const CameraView& camera : cameras) {
    for (const E state : values<E>()) {
      page.value(fmt::format("{},{}=\"{}\"", label(camera), key, name(state)),
                 of(camera) == state ? 1 : 0);
    }
  }
}

void camera_metrics(Page& page, const Cameras& cameras) {
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
      page.value(fmt::format("{},reason=\"{}\"", label(camera), escaped(reason)), count);
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
      const std::string of = fmt::format("{},stage=\"{}\"", label(camera), escaped(stage));
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

void http_metrics(Page& page, const http::ServerStats& http) {
  page.family("rearview_http_connections_total", "counter", "Connections accepted.");
  page.value(http.connections_accepted);
  page.family("rearview_http_connections_refused_total", "counter",
              "Connections over a limit, answered 503.");
  page.value(http.connections_refused);
  page.family("rearview_http_connections_displaced_total", "counter",
              "Silent connections closed to make room for new ones.");
  page.value(http.connections_displaced);
  page.family("rearview_http_connections_failed_total", "counter",
              "Connections ended by a fault of this program.");
  page.value(http.connections_failed);
  page.family("rearview_http_requests_limited_total", "counter",
              "Requests of addresses that ask too fast, answered 429.");
  page.value(http.requests_limited);
  page.family("rearview_http_streams_refused_total", "counter",
              "Responses without end over a limit, answered 503.");
  page.value(http.streams_refused);
  page.family("rearview_http_connections", "gauge", "Connections open now.");
  page.value(http.connections_open);
  page.family("rearview_http_streams", "gauge", "Responses without end open now.");
  page.value(http.streams_open);
  page.family("rearview_http_responses_total", "counter", "Responses by status.");
  for (const auto& [status, count] : http.responses)
    page.value(fmt::format("status=\"{}\"", status), count);
  page.family("rearview_http_sent_bytes_total", "counter", "Bytes sent.");
  page.value(http.bytes_sent);
  page.family("rearview_http_timeouts_total", "counter", "Connections closed for being too slow.");
  page.value(http.timeouts);
  page.family("rearview_http_streams_overrun_total", "counter",
              "Streams closed because too much waited for their client.");
  page.value(http.streams_overrun);
  page.family("rearview_http_stream_pieces_sent_total", "counter",
              "Pictures and events sent on streams.");
  page.value(http.stream_pieces_sent);
  page.family("rearview_http_pictures_replaced_total", "counter",
              "Pictures a slow viewer was not sent because a newer one came.");
  page.value(http.stream_pieces_replaced);
  page.family("rearview_http_tls_handshakes_total", "counter", "TLS connections that came about.");
  page.value(http.tls_handshakes);
  page.family("rearview_http_tls_failures_total", "counter",
              "TLS handshakes that came to nothing.");
  page.value(http.tls_failures);
}

}  // namespace

std::vector<Metric> certificate_metrics(WallTime expires) {
  return {{"rearview_http_certificate_expiry_timestamp_seconds",
           "gauge",
           "When the certificate ends, in seconds since 1970.",
           {},
           static_cast<double>(WallClock::to_time_t(expires))}};
}

std::string metrics_text(const Cameras& cameras, const http::ServerStats& http,
                         const EventStats& events, const std::vector<Metric>& further) {
  Page page;
  camera_metrics(page, cameras);
  page.family("rearview_alerts_total", "counter", "Alerts sent to subscribers since the start.");
  page.value(events.alerts);
  page.family("rearview_event_subscribers", "gauge", "Open event streams.");
  page.value(events.subscribers);
  page.family("rearview_analyses_skipped_total", "counter",
              "Analyses a slow subscriber was not sent because a newer one came.");
  page.value(events.analyses_skipped);
  http_metrics(page, http);
  std::string_view family;
  for (const Metric& metric : further) {
    if (metric.family != family) page.family(metric.family, metric.type, metric.help);
    family = metric.family;
    std::string labels;
    for (const auto& [key, value] : metric.labels)
      labels += fmt::format("{}{}=\"{}\"", labels.empty() ? "" : ",", key, escaped(value));
    if (labels.empty())
      page.value(metric.value);
    else
      page.value(labels, metric.value);
  }
  return page.take();
}

}  // namespace rearview

#include "camera/device/device_status.h"

#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>

namespace rearview::camera {
namespace {

using nlohmann::ordered_json;

// A source that says nothing for so long has failed.
constexpr double kSilent_s = 2;

template <typename T>
ordered_json or_null(const std::optional<T>& value) {
  return value ? ordered_json(*value) : ordered_json();
}

const char* mode_name(const Mode& mode) {
  if (mode.kind() == ModeKind::both) return "both";
  return mode.streaming() ? "streaming" : "recording";
}

ordered_json stream_json(const StreamServer& server) {
  const StreamServer::Stats stats = server.stats();
  ordered_json clients = ordered_json::array();
  for (const auto& client : stats.clients) {
    clients.push_back({{"address", client.address},
                       {"connected_s", client.connected_s},
                       {"bytes", client.bytes},
                       {"pictures", client.pictures},
                       {"skipped", client.skipped},
                       {"moved_on", client.moved_on}});
  }
  return {{"listen", server.listening().text()},
          {"clients", clients},
          {"accepted", stats.accepted},
          {"refused", stats.refused},
          {"displaced", stats.displaced},
          {"failed", stats.failed},
          {"dropped_stuck", stats.dropped_stuck},
          {"dropped_noisy", stats.dropped_noisy},
          {"skipped", stats.skipped},
          {"moved_on", stats.moved_on},
          {"delay_ms", {{"p50", stats.delay_p50_ms}, {"p95", stats.delay_p95_ms}}}};
}

ordered_json record_json(const DeviceParts& parts) {
  if (!parts.recorder) return {{"enabled", false}};
  const Recorder::Status status = parts.recorder->status();
  const auto chunks = parts.recordings->list();
  std::uint64_t bytes = 0;
  std::size_t locked = 0;
  for (const auto& chunk : chunks) {
    bytes += chunk.size_bytes;
    locked += chunk.locked ? 1 : 0;
  }
  return {{"enabled", true},
          {"recording", status.recording},
          {"problem", status.problem.empty() ? ordered_json() : ordered_json(status.problem)},
          {"folder", parts.recordings->folder().string()},
          {"chunk", status.chunk.empty() ? ordered_json() : ordered_json(status.chunk)},
          {"chunks", chunks.size()},
          {"locked", locked},
          {"bytes", bytes},
          {"free_bytes", or_null(parts.recordings->free_bytes())},
          {"pictures", status.pictures},
          {"lost", status.lost},
          {"failures", status.failures},
          {"removed", status.removed}};
}

class Metrics {
 public:
  template <typename T>
  void add(const char* name, const char* type, const char* help, const T& value) {
    fmt::format_to(std::back_inserter(text_),
                   "# HELP rearview_camera_{0} {1}\n# TYPE rearview_camera_{0} {2}\n"
                   "rearview_camera_{0} {3}\n",
                   name, help, type, value);
  }
  template <typename T>
  void add(const char* name, const char* type, const char* help, const std::optional<T>& value) {
    if (value) add(name, type, help, *value);
  }
  std::string text() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace

ordered_json status_json(const DeviceParts& parts) {
  const SourceInfo info = parts.source.info();
  return {{"mode", mode_name(parts.mode)},
          {"problem", or_null(what_ails(parts))},
          {"source",
           {{"name", info.name},
            {"pictures", parts.progress.pictures()},
            {"dropped", parts.source.dropped()},
            {"problem", or_null(parts.source.problem())},
            {"silent_s", or_null(parts.progress.silent_s())}}},
          {"encoder",
           {{"codec", info.codec},
            {"width_px", info.width_px},
            {"height_px", info.height_px},
            {"fps", info.fps}}},
          {"stream", stream_json(parts.stream)},
          {"record", record_json(parts)},
          {"board",
           {{"battery_percent", or_null(parts.board.battery_percent())},
            {"battery_mv", or_null(parts.board.battery_mv())},
            {"charging", or_null(parts.board.charging())},
            {"cpu_temp_c", or_null(parts.board.cpu_temp_c())}}}};
}

std::string metrics_text(const DeviceParts& parts, const http::ServerStats& http) {
  Metrics metrics;
  const StreamServer::Stats stream = parts.stream.stats();
  metrics.add("pictures_total", "counter", "Coded pictures made.", parts.progress.pictures());
  metrics.add("source_dropped_total", "counter", "Pictures left out, the machine being too slow.",
              parts.source.dropped());
  metrics.add("faults_total", "counter", "Threads that failed and began again.", parts.faults);
  metrics.add("clients", "gauge", "Clients of the stream.", stream.clients.size());
  metrics.add("clients_accepted_total", "counter", "Clients that joined.", stream.accepted);
  metrics.add("clients_refused_total", "counter", "Clients beyond the limit.", stream.refused);
  metrics.add("clients_failed_total", "counter", "Clients left for what serving them threw.",
              stream.failed);
  metrics.add("clients_displaced_total", "counter", "Clients that gave way to newcomers.",
              stream.displaced);
  metrics.add("clients_dropped_stuck_total", "counter", "Clients that took nothing.",
              stream.dropped_stuck);
  metrics.add("clients_dropped_noisy_total", "counter", "Clients that sent too much.",
              stream.dropped_noisy);
  metrics.add("stream_bytes_total", "counter", "Bytes sent to clients.", stream.bytes);
  metrics.add("stream_pictures_total", "counter", "Pictures sent to clients.", stream.pictures);
  metrics.add("stream_skipped_total", "counter", "Pictures skipped for slow clients.",
              stream.skipped);
  metrics.add("stream_moved_on_total", "counter", "Times a slow client was moved on to an IDR.",
              stream.moved_on);
  metrics.add("stream_delay_p50_ms", "gauge", "Encoder-in to kernel, median.", stream.delay_p50_ms);
  metrics.add("stream_delay_p95_ms", "gauge", "Encoder-in to kernel, 95th percentile.",
              stream.delay_p95_ms);
  if (parts.recorder) {
    const Recorder::Status record = parts.recorder->status();
    metrics.add("recording", "gauge", "1 while a chunk is open.", record.recording ? 1 : 0);
    metrics.add("record_pictures_total", "counter", "Pictures recorded.", record.pictures);
    metrics.add("record_lost_total", "counter", "Pictures not recorded because of the disk.",
                record.lost);
    metrics.add("record_failures_total", "counter", "Times recording broke off.", record.failures);
    metrics.add("record_removed_total", "counter", "Chunks deleted for the limits.",
                record.removed);
    metrics.add("disk_free_bytes", "gauge", "Free on the recordings' disk.",
                parts.recordings->free_bytes());
  }
  metrics.add("http_connections", "gauge", "HTTP connections open now.", http.connections_open);
  metrics.add("http_connections_refused_total", "counter",
              "HTTP connections over a limit, answered 503.", http.connections_refused);
  metrics.add("http_connections_displaced_total", "counter",
              "Silent HTTP connections closed to make room for new ones.",
              http.connections_displaced);
  metrics.add("http_connections_failed_total", "counter",
              "HTTP connections ended by a fault of this program.", http.connections_failed);
  const auto forbidden = http.responses.find(403);
  metrics.add("http_requests_refused_total", "counter",
              "HTTP requests for changes that another site's page may have sent, answered 403.",
              forbidden == http.responses.end() ? 0 : forbidden->second);
  metrics.add("http_requests_limited_total", "counter",
              "HTTP requests of addresses that ask too fast, answered 429.", http.requests_limited);
  metrics.add("battery_percent", "gauge", "State of charge.", parts.board.battery_percent());
  metrics.add("cpu_temperature_celsius", "gauge", "CPU temperature.", parts.board.cpu_temp_c());
  return metrics.text();
}

std::optional<std::string> what_ails(const DeviceParts& parts) {
  if (const auto problem = parts.source.problem()) return "the source: " + *problem;
  const auto silent_s = parts.progress.silent_s();
  if (!silent_s) return "no picture has come yet";
  if (*silent_s > kSilent_s) return fmt::format("no picture has come for {:.0f} s", *silent_s);
  if (parts.recorder) {
    const Recorder::Status status = parts.recorder->status();
    if (!status.problem.empty()) return "nothing is recorded: " + status.problem;
  }
  if (parts.stream.full())
    return "the stream has as many clients as may be (stream.max_clients): newcomers are refused, "
           "or "
           "others give way to them";
  return std::nullopt;
}

}  // namespace rearview::camera

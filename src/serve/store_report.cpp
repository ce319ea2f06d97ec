#include "serve/store_report.h"

#include <nlohmann/json.hpp>
#include <string>

namespace rearview {

nlohmann::ordered_json to_json(const StoreStatus& status) {
  using Json = nlohmann::ordered_json;
  const auto problem = [](const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(text);
  };
  return {{"persistent", status.persistent},
          {"problem", problem(status.problem)},
          {"waiting", status.waiting},
          {"lost", status.lost},
          {"rejected", status.rejected},
          {"rejected_why", problem(status.rejected_why)},
          {"failures", status.failures},
          {"last_problem", problem(status.last_problem)},
          {"set_aside", problem(status.set_aside)},
          {"media_problem", problem(status.media_problem)},
          {"media_bytes", status.media_bytes}};
}

std::vector<Metric> store_metrics(const StoreStatus& status) {
  std::vector<Metric> metrics;
  const auto add = [&metrics](const char* family, const char* type, const char* help, auto value,
                              std::vector<std::pair<std::string, std::string>> labels = {}) {
    metrics.push_back({family, type, help, std::move(labels), static_cast<double>(value)});
  };
  add("rearview_store_up", "gauge",
      "1 while alerts are written to disk, or to memory where so set.", status.problem.empty());
  add("rearview_store_media_up", "gauge", "1 while snapshots and clips can be written.",
      status.media_problem.empty());
  add("rearview_store_alerts_waiting", "gauge", "Alerts not yet on disk.", status.waiting);
  add("rearview_store_alerts_lost_total", "counter",
      "Alerts that left memory before the disk took them.", status.lost);
  add("rearview_store_failures_total", "counter",
      "Times that the store failed, or that a new one was begun.", status.failures);
  add("rearview_store_rows_rejected_total", "counter",
      "Rows that the database doesn't take, of otherwise good ones.", status.rejected);
  add("rearview_store_track_points_lost_total", "counter",
      "Points of a ride's track that left memory before the disk took them.",
      status.track_points_lost);
  add("rearview_store_media_bytes", "gauge", "Snapshots and clips kept.", status.media_bytes);
  const char* const written = "rearview_store_media_written_total";
  const char* const written_help = "Snapshots and clips written.";
  add(written, "counter", written_help, status.snapshots_written, {{"media", "snapshot"}});
  add(written, "counter", written_help, status.clips_written, {{"media", "clip"}});
  const char* const dropped = "rearview_store_media_dropped_total";
  const char* const dropped_help = "Snapshots and clips not stored, by reason.";
  add(dropped, "counter", dropped_help, status.snapshots_failed,
      {{"media", "snapshot"}, {"reason", "failed"}});
  add(dropped, "counter", dropped_help, status.snapshots_busy,
      {{"media", "snapshot"}, {"reason", "busy"}});
  add(dropped, "counter", dropped_help, status.clips_failed,
      {{"media", "clip"}, {"reason", "failed"}});
  add(dropped, "counter", dropped_help, status.clips_busy, {{"media", "clip"}, {"reason", "busy"}});
  add(dropped, "counter", dropped_help, status.clips_without_stream,
      {{"media", "clip"}, {"reason", "no_stream"}});
  return metrics;
}

}  // namespace rearview

#include "publish/alert_delivery.h"

#include <chrono>

#include "base/log.h"
#include "publish/channel.h"

namespace rearview {

AlertDelivery::AlertDelivery(const Channel& channel, const std::filesystem::path& folder,
                             const AlertHistory& history, int max_age_s)
    : channel_(channel), max_age_s_(max_age_s), mark_(folder, channel.name(), history) {}

const KeptAlert* AlertDelivery::next() {
  while (const KeptAlert* alert = mark_.feed().next()) {
    const double age_s = std::chrono::duration<double>(WallClock::now() - alert->time).count();
    if (age_s <= max_age_s_) return alert;
    ++too_old_;
    log::warning("publish", "an alert was given up: it is too old",
                 {{"channel", channel_.name()}, {"id", alert->id}});
    mark_.done();
  }
  return nullptr;
}

void AlertDelivery::taken() {
  ++alerts_;
  mark_.done();
}

void AlertDelivery::refused() {
  ++refused_;
  mark_.done();
}

std::vector<Metric> AlertDelivery::metrics() const {
  const auto number = [](const auto& value) { return static_cast<double>(value.load()); };
  const auto dropped = [&](const char* reason, double value) {
    Metric metric =
        channel_.counter("rearview_publish_dropped_total", "Alerts given up, by reason.", value);
    metric.labels.emplace_back("reason", reason);
    return metric;
  };
  return {
      channel_.counter("rearview_publish_alerts_total", "Alerts delivered.", number(alerts_)),
      channel_.counter("rearview_publish_retries_total",
                       "Tries that failed and were or will be repeated.", number(retries_)),
      dropped("refused", number(refused_)),
      dropped("too_old", number(too_old_)),
      channel_.gauge("rearview_publish_waiting", "Alerts not yet delivered.", number(waiting_)),
      channel_.gauge("rearview_publish_connected",
                     "Clients of the channel, or whether it is connected.", number(connected_)),
  };
}

}  // namespace rearview

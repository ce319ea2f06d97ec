#include "publish/delivery_counts.h"

#include "publish/channel.h"

namespace rearview {

std::vector<Metric> DeliveryCounts::metrics(const Channel& channel) const {
  const auto number = [](const auto& value) { return static_cast<double>(value.load()); };
  const auto dropped = [&](const char* reason, double value) {
    Metric metric =
        channel.counter("rearview_publish_dropped_total", "Alerts given up, by reason.", value);
    metric.labels.emplace_back("reason", reason);
    return metric;
  };
  return {
      channel.counter("rearview_publish_alerts_total", "Alerts delivered.", number(alerts)),
      channel.counter("rearview_publish_retries_total",
                      "Tries that failed and were or will be repeated.", number(retries)),
      dropped("refused", number(refused)),
      dropped("too_old", number(too_old)),
      channel.gauge("rearview_publish_waiting", "Alerts not yet delivered.", number(waiting)),
      channel.gauge("rearview_publish_connected",
                    "Clients of the channel, or whether it is connected.", number(connected)),
  };
}

}  // namespace rearview

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
    ++counts_.too_old;
    log::warning("publish", "an alert was given up: it is too old",
                 {{"channel", channel_.name()}, {"id", alert->id}});
    mark_.done();
  }
  return nullptr;
}

void AlertDelivery::taken() {
  ++counts_.alerts;
  mark_.done();
}

void AlertDelivery::refused() {
  ++counts_.refused;
  mark_.done();
}

}  // namespace rearview

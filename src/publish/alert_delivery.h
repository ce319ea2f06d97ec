#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "publish/delivery_counts.h"
#include "publish/delivery_mark.h"
#include "types/metric.h"

namespace rearview {

class Channel;

/// The alerts that one receiver has still to take, and the count of what became of the others: for
/// channels that deliver one after the other and can't be asked how far they got. One thread, but
/// for metrics().
class AlertDelivery {
 public:
  /// channel: names the mark and the metrics; must outlive this, as history must. folder: the
  /// store's. max_age_s: what is older is given up.
  AlertDelivery(const Channel& channel, const std::filesystem::path& folder,
                const AlertHistory& history, int max_age_s);

  /// The next that isn't too old; nullptr while there is none. Throws what the history throws.
  const KeptAlert* next();
  /// The alert that next() gave was taken, or will never be.
  void taken();
  void refused();
  /// A try failed and will be repeated.
  void failed() { ++counts_.retries; }
  void set_connected(bool connected) { counts_.connected = connected; }
  bool connected() const { return counts_.connected; }
  /// Brings the number of waiting alerts up to date.
  void count_waiting() { counts_.waiting = mark_.feed().waiting(); }

  /// Names the history that ids belong to.
  const std::string& history_name() const { return mark_.history_name(); }
  /// Any thread.
  std::vector<Metric> metrics() const { return counts_.metrics(channel_); }

 private:
  const Channel& channel_;
  const int max_age_s_;
  DeliveryMark mark_;
  DeliveryCounts counts_;
};

}  // namespace rearview

#include "nats/fleet_stream.h"

#include <algorithm>
#include <array>

namespace rearview {

void have_fleet_stream(const NatsLink& link, const FleetStreamLimits& limits) {
  constexpr std::int64_t kSecond_ns = 1'000'000'000;
  constexpr std::int64_t kDay_s = 86'400;
  std::array<const char*, 1> subjects{kFleetSubjects};
  jsStreamConfig wanted;
  jsStreamConfig_Init(&wanted);
  wanted.Name = kFleetStream;
  wanted.Subjects = subjects.data();
  wanted.SubjectsLen = static_cast<int>(subjects.size());
  wanted.Retention = js_LimitsPolicy;
  wanted.Storage = js_FileStorage;
  wanted.Discard = js_DiscardOld;
  wanted.MaxMsgsPerSubject = -1;
  wanted.MaxAge = limits.max_age_d * kDay_s * kSecond_ns;
  // A server takes no window that is longer than the messages are kept.
  wanted.Duplicates = std::min(limits.duplicate_window_s * kSecond_ns, wanted.MaxAge);
  wanted.Replicas = limits.replicas;
  // Of each gateway's state the newest takes the place of those before it.
  wanted.AllowRollup = true;
  link.have_stream(wanted);
}

}  // namespace rearview

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "types/analysis.h"

namespace rearview {

/// Decides which events of a ride are those of one of its chunks. An event is all that is told of
/// one vehicle; it belongs to the chunk in which the vehicle's passing is told, else the vehicle is
/// out of sight, else the event has lasted for as long as the next chunk looks back. All of that is
/// known from the pictures up to then, so that two neighbours, each of which sees it, agree. What
/// is of no vehicle belongs where it is told. One thread.
class RideEvents {
 public:
  /// longest_s: after which an event is closed; sink: gets the chunk's alerts, those of a vehicle
  /// together, in the order in which their events end.
  RideEvents(double longest_s, std::function<void(const Alert&)> sink);

  /// The analyses in their order, from the chunks before on; own: of the chunk itself.
  void add(const Analysis& analysis, bool own);
  /// The ride ends here, and with it what is still on the road.
  void finish();

  /// The chunk's, of vehicles.
  std::uint64_t count() const { return count_; }

 private:
  struct Open {
    int track_id;
    std::uint32_t epoch;
    double first_s;
    double seen_s;
    bool passed = false;
    std::vector<Alert> alerts = {};
  };
  Open& open_event(const Alert& alert, int track_id);
  bool is_over(const Open& event, const Analysis& analysis) const;
  void tell(const Open& event);

  double longest_s_;
  std::function<void(const Alert&)> sink_;
  std::vector<Open> open_;
  std::uint64_t count_ = 0;
};

}  // namespace rearview

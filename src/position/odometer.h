#pragma once

#include <optional>

#include "position/gpsd_reader.h"

namespace rearview {

/// Adds up how far the rider has come. A receiver measures speed far better than it tells where it
/// is: so distance is speed over time, standing still adds nothing however much the position
/// wanders, and positions only bridge short gaps. What lies in longer gaps is not known and not
/// counted. One thread.
class Odometer {
 public:
  /// at: arrival.
  void add(SteadyTime at, const GpsFix& fix);
  const Travelled& travelled() const { return travelled_; }

 private:
  struct Seen {
    SteadyTime at;
    GpsFix fix;
  };
  void move_by_speed(const GpsFix& fix, double dt_s);
  void move_by_position(const Seen& now, double dt_s);

  Travelled travelled_;
  std::optional<Seen> last_;
  Position anchor_;          ///< where the rider last was for sure
  double anchor_age_s_ = 0;  ///< since then
};

}  // namespace rearview

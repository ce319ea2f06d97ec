#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "types/position.h"

namespace rearview {

/// Faster than any bicycle; what says so is wrong.
constexpr double kFastest_mps = 40;

/// A position that can be trusted, as the receiver tells it.
struct GpsFix {
  Position position;
  std::optional<double> speed_mps;
  std::optional<double> time_s;  ///< of the receiver's clock, since 1970
};

/// What a line of gpsd's protocol says (gpsd_json(5)).
struct GpsdReport {
  enum class Kind {
    version,     ///< the greeting, or the answer to ?VERSION;
    fix,         ///< where the rider is
    no_fix,      ///< the receiver doesn't know
    simulated,   ///< a position that was not measured
    impossible,  ///< one that is nowhere
    inaccurate,  ///< one that may be too far off
    other,       ///< of no concern here
    garbage      ///< none of gpsd's
  };
  Kind kind = Kind::other;
  GpsFix fix;        ///< only with kind fix
  int protocol = 0;  ///< only with kind version: the protocol's major number
};

/// Reads gpsd's lines, whatever they are. Any thread.
class GpsdReader {
 public:
  /// worst_accuracy_m: a fix that may be further off is none.
  explicit GpsdReader(double worst_accuracy_m) : worst_accuracy_m_(worst_accuracy_m) {}

  /// line: without its end.
  GpsdReport read(std::string_view line) const;

 private:
  GpsdReport judge(const nlohmann::json& told) const;

  const double worst_accuracy_m_;
};

}  // namespace rearview

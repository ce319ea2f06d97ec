#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "types/alert.h"

namespace rearview {

/// What its rider says of a clip. Times are the clip's.
struct JudgedClip {
  struct JudgedAlert {
    Alert alert;  ///< of a vehicle
    double t_s = 0;
    std::optional<Mark> mark;  ///< absent: nothing was said
  };
  struct MissedMoment {
    std::uint64_t id = 0;
    double t_s = 0;
    std::string note;
  };
  std::string input;  ///< the clip's file, as seen from the truth's
  std::vector<JudgedAlert> alerts;
  std::vector<MissedMoment> missed;
};

/// Ground truth (interfaces: "Ground truth") of a clip, from what was seen in it and what its rider
/// says: a vehicle of which an alert is right or late is an event, from 3 s before it was first
/// seen, since another analysis may see it sooner; its boxes there follow from how it grew. One
/// whose alerts are wrong is among `others` as "marked wrong", and each further one as "not
/// marked", whose alerts nobody can judge. A missed moment is an event whose pass nobody timed.
/// sidecar: the clip's (docs/http-api.md). Throws nlohmann::json::exception and std::runtime_error
/// where it is none.
nlohmann::ordered_json feedback_truth(const JudgedClip& clip, const nlohmann::json& sidecar);

}  // namespace rearview

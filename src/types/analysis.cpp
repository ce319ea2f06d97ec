#include "types/analysis.h"

#include <algorithm>

namespace rearview {

int greatest_threat(const Analysis& analysis) {
  int greatest = 0;
  for (const Track& track : analysis.tracks) greatest = std::max(greatest, track.threat);
  return greatest;
}

bool is_seen(Road road, AnalysisState state) {
  return road != Road::unknown && road != Road::no_signal && road != Road::blind &&
         state != AnalysisState::failed;
}

}  // namespace rearview

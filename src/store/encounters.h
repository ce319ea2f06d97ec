#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "store/store_config.h"
#include "types/analysis.h"

namespace rearview {

/// Decides what is one clip: everything that is told of one vehicle, from its first alert until it
/// has passed or is no threat any more, with what came before and after. Alerts that are of no
/// vehicle are encounters of their own. One camera; one thread at a time.
class Encounters {
 public:
  explicit Encounters(const ClipConfig& config) : config_(config) {}

  /// What became of an alert.
  enum class Taken {
    no,       ///< belongs to no encounter
    yes,      ///< its encounter is open
    refused,  ///< too many are open
  };
  Taken alert(const Alert& alert);

  /// A moment at which the rider missed an alert, of a number like an alert's: an encounter of its
  /// own, with the seconds before.
  Taken missed(std::uint64_t moment, std::uint32_t epoch, double t_s);
  /// From when its clip shows what came.
  double begin_of_missed(double t_s) const;

  /// An encounter that is over.
  struct Ended {
    bool wanted = false;  ///< one of its alerts asks for a clip
    std::vector<std::uint64_t> alerts;
    std::uint32_t epoch = 0;
    double from_s = 0;  ///< stream time
    double to_s = 0;
  };
  /// Takes an analysis, also one that tells of silence; gives what is over since the last.
  std::vector<Ended> analysis(const Analysis& analysis);
  /// Ends all, now.
  std::vector<Ended> finish();

 private:
  struct Open {
    std::uint32_t epoch = 0;
    std::optional<int> track_id;
    std::vector<std::uint64_t> alerts;
    bool wanted = false;
    bool passed = false;
    double first_s = 0;   ///< first alert
    double last_s = 0;    ///< last alert
    double threat_s = 0;  ///< last analysis in which the vehicle was a threat
  };
  double end_of(const Open& open) const;
  Ended ended(const Open& open) const;

  const ClipConfig config_;
  std::vector<Open> open_;
};

}  // namespace rearview

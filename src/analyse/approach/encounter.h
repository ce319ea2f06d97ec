#pragma once

#include <optional>
#include <vector>

#include "analyse/approach/approach_config.h"
#include "analyse/approach/gates.h"
#include "analyse/approach/vehicle_estimate.h"
#include "types/analysis.h"

namespace rearview {

/// One vehicle's encounter with the rider, from the gates' verdicts: the only one that raises
/// alerts of vehicles. Each is raised once, and again for a vehicle that closes in anew: after it
/// was quiet for as long as an all-clear takes, or after it passed.
///
///   unseen -> seen <-> approaching -> fast        a verdict; back once released for release_s
///   seen, approaching, fast <-> lost              its track ends; another goes on with it
///   all of these -> passed                        it left, and the rider had been told of it
///   passed -> seen                                it is seen again: whole for a while, or where
///                                                 nobody had seen it leave
class Encounter {
 public:
  enum class State { unseen, seen, approaching, fast, passed, lost };

  /// id: of the vehicle, in its alerts.
  explicit Encounter(int id) : id_(id) {}

  /// One that shares its box, of which the rider has been told already: a part of the same vehicle,
  /// or one that comes close behind it. Which of the two it is shows when it goes on alone for
  /// kOnePass_s: then it is told of itself.
  struct Told {
    std::optional<int> as;  ///< the vehicle that was told of as coming
    bool fast = false;      ///< or as coming fast
  };

  /// A picture in which it has a track. coasting: no detection supports it there.
  void follow(const VehicleEstimate& estimate, const Verdict& verdict, bool coasting,
              const Told& told, const ApproachConfig& policy, std::vector<Alert>& alerts);
  /// A picture in which it has none.
  void lose();
  /// When it was out of the picture, where it was announced and has since left. nullopt: it hasn't.
  std::optional<double> left_s(const VehicleEstimate& estimate, double t_s) const;
  /// It left then. already_told: as the pass of another part of the same vehicle.
  void pass(const VehicleEstimate& estimate, double out_s, bool already_told,
            const ApproachConfig& policy, std::vector<Alert>& alerts);

  State state() const { return state_; }
  /// As in tracks: 0, 1 approaching, 2 fast.
  int threat() const;
  /// What it does is known well enough to be shown: not behind another one, or told anyway.
  bool shows_motion() const { return threat() > 0 || !hidden_; }
  /// The vehicle that the rider was told of when this one was announced: itself, or the one that it
  /// is a part of.
  int told_as() const { return told_as_.value_or(id_); }
  bool announced() const { return announced_ != Announced::no; }
  bool announced_fast() const { return announced_ == Announced::fast; }
  /// Whether it passed within a moment of out_s, as part of the vehicle told_as.
  bool passed_with(int told_as, double out_s) const;

 private:
  enum class Announced { no, approaching, fast };
  void judge(const Verdict& verdict, bool coasting, double t_s, const ApproachConfig& policy);
  bool seen_again(const VehicleEstimate& estimate, bool coasting);
  void come_back();
  void forget_alerts();
  AlertVehicle vehicle(const VehicleEstimate& estimate) const;
  Alert warning(const VehicleEstimate& estimate, const Claim& claim, AlertKind kind,
                AlertLevel level) const;

  int id_;
  State state_ = State::unseen;
  Announced announced_ = Announced::no;
  std::optional<int> told_as_;
  double told_as_until_s_ = 0;  ///< when it was a part of that one last; only with told_as_
  std::optional<double> quiet_since_s_;  ///< since when it is announced, but no longer closing in
  double through_since_s_ = 0;           ///< meaningful while through_frames_ > 0
  int through_frames_ = 0;               ///< supported pictures in a row that passed the gates
  std::optional<double> weak_since_s_;   ///< since when the verdicts release it
  double passed_s_ = 0;       ///< when it was out of the picture; meaningful while passed
  bool left_unseen_ = false;  ///< nobody saw it leave; meaningful while passed
  std::optional<double> whole_since_s_;  ///< since when it is seen whole again; only while passed
  bool hidden_ = false;
};

}  // namespace rearview

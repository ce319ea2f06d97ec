#pragma once

#include "analyse/approach/approach_config.h"
#include "analyse/approach/rivals.h"
#include "analyse/approach/vehicle_estimate.h"

// Pure functions of estimates and the policy: what must hold before a rider is told.

namespace rearview {

/// Gate 1: it grows beyond doubt, and will be beside the rider or out of view soon enough.
bool growth_gate(const VehicleEstimate& estimate, const ApproachConfig& policy);
/// Gate 2: it is likely enough that it comes, by us and not far beside, and nothing else; near by,
/// however long it takes.
bool claim_gate(const VehicleEstimate& estimate, const Claim& claim, const ApproachConfig& policy);
/// Its boxes of the last moments lie where its growth says, so they show one and the same thing.
bool place_gate(const VehicleEstimate& estimate);
/// Gate 3: for how long the others must let it through, s.
double confirmation_s(const VehicleEstimate& estimate, const ApproachConfig& policy);
/// The longest that can be asked.
double slowest_confirmation_s(const ApproachConfig& policy);

/// It comes fast: that is danger.
bool comes_fast(const VehicleEstimate& estimate, const ApproachConfig& policy);
/// Clearly no longer closing in.
bool released(const VehicleEstimate& estimate, const ApproachConfig& policy);
/// It is behind within clear_m, and isn't falling back.
bool stays_behind(const VehicleEstimate& estimate, const ApproachConfig& policy);
/// It passed nearer than traffic codes ask for, beyond doubt.
bool passed_close(const VehicleEstimate& estimate, const ApproachConfig& policy);

/// What grows beside a known vehicle that comes is its doing: the light of its lamps sweeps over
/// road and trees, its shadow and spray go with it. The rider is about to be told of the vehicle
/// itself.
bool explains(const VehicleEstimate& known, const VehicleEstimate& other,
              const ApproachConfig& policy);
/// It stands before the other: what is measured of that one is partly its own.
bool hides(const VehicleEstimate& nearer, const VehicleEstimate& farther);
/// Both were seen lately, and most of the smaller one's box lies in the other's.
bool share_a_box(const VehicleEstimate& one, const VehicleEstimate& other);
/// It is a vehicle's length behind the other, and no part of it.
bool follows(const VehicleEstimate& one, const VehicleEstimate& other);

/// What the gates say of one vehicle in one picture.
struct Verdict {
  bool hidden = false;    ///< behind a nearer one
  bool through = false;   ///< it is in plain sight, and gates 1 and 2 let it through
  bool in_place = false;  ///< place_gate()
  double confirmation_s = 0;
  bool fast = false;
  bool released = false;
  Claim claim;  ///< as Rivals weigh it
};

/// explained: another one explains() it.
Verdict verdict(const VehicleEstimate& estimate, const Claim& claim, double track_score,
                bool hidden, bool explained, const ApproachConfig& policy);

}  // namespace rearview

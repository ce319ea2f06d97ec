#include "camera/scene/traffic.h"

#include <algorithm>
#include <cmath>

namespace rearview::camera {
namespace {

constexpr double kOutOfSight_m = 215;  // where vehicles from behind come onto the road
constexpr double kAhead_m = 50;        // where those from ahead do
constexpr double kGone_m = 300;
constexpr double kGoneSameWay_m = 450;  // a platoon's last starts far back
constexpr double kFarthestStart_m = 420;
constexpr double kStartGap_m = 9;
constexpr float kBicycleRoom_m = 1.0f;
constexpr std::size_t kMostVehicles = 40;
constexpr std::size_t kMostMouths = 8;
// Intelligent Driver Model (Treiber, Hennecke, Helbing 2000), usual values for a car.
constexpr float kAccelerate = 1.5f;
constexpr float kBrakeComfortably = 2.0f;
constexpr float kHeadway_s = 1.0f;
constexpr float kStandstillGap_m = 3.0f;
constexpr float kBrakeHardest = 8.0f;
constexpr float kTurnRadius_m = 7.5f;
constexpr float kTurnSpeed_mps = 5.0f;

bool overlaps(const Vehicle& a, const Vehicle& b) {
  return std::abs(a.u - b.u) < 0.5f * (a.model->width + b.model->width) + 0.2f;
}

}  // namespace

Traffic::Traffic(const SceneConfig& config, const Garage& garage)
    : config_(config), garage_(garage), random_(config.seed, 0x74726166) {
  std::stable_sort(
      config_.vehicles.begin(), config_.vehicles.end(),
      [](const ScriptedVehicle& a, const ScriptedVehicle& b) { return a.start_s < b.start_s; });
  next_same_way_s_ = 0.2;
  next_oncoming_s_ = 3;
  next_parked_at_ = 25;
}

void Traffic::spawn(ScriptedVehicle plan, const Ride::Pose& rider) {
  if (vehicles_.size() >= kMostVehicles) return;
  if (plan.look < 0) plan.look = static_cast<std::int64_t>(random_.bits() >> 40);
  Vehicle v;
  v.id = next_id_++;
  v.plan = plan;
  v.doing = plan.behaviour;
  const auto look = static_cast<std::uint64_t>(plan.look);
  v.model = &garage_.model(plan.vehicle, look);
  v.surfaces = garage_.surfaces(plan.vehicle, look);
  v.speed_mps = static_cast<float>(plan.speed_mps);
  v.u = kLaneMiddle_m;
  double distance = kOutOfSight_m;
  switch (plan.behaviour) {
    case Behaviour::kParked:
      v.speed_mps = 0;
      v.u = (kEdgeLine_m + 0.15f + 0.5f * v.model->width) * (plan.other_side ? -1.0f : 1.0f);
      distance = -kAhead_m;
      break;
    case Behaviour::kOncoming:
      v.u = 0.5f * v.model->width + 0.15f - kEdgeLine_m;  // well over, for who overtakes
      distance = -kAhead_m;
      break;
    case Behaviour::kFallBack:
      distance = 8;
      v.speed_mps = rider.speed_mps;
      break;
    case Behaviour::kFollow:
      // One that starts near is at the rider's speed already.
      if (plan.distance_m && *plan.distance_m < plan.gap_m * 1.5) v.speed_mps = rider.speed_mps;
      break;
    case Behaviour::kOvertake:
    case Behaviour::kTurnOff:
      break;
  }
  if (plan.distance_m) distance = *plan.distance_m;
  v.s = rider.s - distance;
  if (plan.vehicle == VehicleClass::kBicycle && !v.oncoming() && !v.parked()) v.u = kRiderKeeps_m;
  for (const Vehicle& other : vehicles_) {  // nobody comes onto the road too fast to stop
    const double gap = other.s - static_cast<double>(other.model->length) - v.s;
    if (v.parked() || v.oncoming() || other.parked() || other.oncoming() || gap < 0) continue;
    v.speed_mps = std::min(v.speed_mps, other.speed_mps + 0.2f * static_cast<float>(gap - 5));
  }
  v.speed_mps = std::max(v.speed_mps, 0.0f);
  if (plan.behaviour == Behaviour::kOvertake && distance < 25) v.u = wished_u(v, rider);
  if (plan.behaviour == Behaviour::kTurnOff) {
    const double closing = std::max(1.0, plan.speed_mps - static_cast<double>(rider.speed_mps));
    const double until = std::max(0.0, distance - plan.gap_m) / closing;
    v.turn_at_s = v.s + plan.speed_mps * until;
    mouths_.push_back({v.turn_at_s, plan.other_side ? -1.0f : 1.0f});
    if (mouths_.size() > kMostMouths) mouths_.erase(mouths_.begin());
  }
  vehicles_.push_back(v);
}

ScriptedVehicle Traffic::chance_vehicle(const Ride::Pose& rider) {
  ScriptedVehicle plan;
  const float kind = random_.unit();
  plan.vehicle = kind < 0.64f   ? VehicleClass::kCar
                 : kind < 0.75f ? VehicleClass::kVan
                 : kind < 0.83f ? VehicleClass::kTruck
                 : kind < 0.88f ? VehicleClass::kBus
                 : kind < 0.95f ? VehicleClass::kMotorcycle
                                : VehicleClass::kBicycle;
  const bool heavy = plan.vehicle == VehicleClass::kTruck || plan.vehicle == VehicleClass::kBus;
  const float closing = plan.vehicle == VehicleClass::kBicycle ? random_.between(2.0f, 4.0f)
                        : heavy                                ? random_.between(7.0f, 13.0f)
                                                               : random_.between(8.0f, 20.0f);
  plan.speed_mps = static_cast<double>(rider.speed_mps + closing);
  plan.lateral_m = static_cast<double>(random_.between(0.8f, 2.5f));
  if (plan.vehicle == VehicleClass::kBicycle) {
    plan.distance_m = 110;
    plan.lateral_m = static_cast<double>(random_.between(0.6f, 1.2f));
  }
  return plan;
}

void Traffic::spawn_by_chance(double t_s, const Ride::Pose& rider) {
  const double density = config_.traffic;
  if (density <= 0) return;
  if (t_s >= next_same_way_s_) {
    ScriptedVehicle plan = chance_vehicle(rider);
    const float what = random_.unit();
    int platoon = 1;
    if (plan.vehicle == VehicleClass::kBicycle || what < 0.68f) {
      plan.behaviour = Behaviour::kOvertake;
    } else if (what < 0.82f) {
      platoon = 2 + random_.below(3);
    } else if (what < 0.92f) {
      plan.behaviour = Behaviour::kFollow;
      plan.gap_m = static_cast<double>(random_.between(8, 22));
      plan.hold_s = static_cast<double>(random_.between(4, 16));
    } else {
      plan.behaviour = Behaviour::kTurnOff;
      plan.gap_m = static_cast<double>(random_.between(45, 80));
      plan.other_side = random_.chance(0.4f);
    }
    double distance = plan.distance_m.value_or(kOutOfSight_m);
    for (int i = 0; i < platoon; ++i) {
      ScriptedVehicle member = plan;
      if (i > 0) {
        member.vehicle = random_.chance(0.8f) ? VehicleClass::kCar : VehicleClass::kVan;
        member.lateral_m += static_cast<double>(random_.between(-0.3f, 0.3f));
        distance += 14 + plan.speed_mps * static_cast<double>(random_.between(0.9f, 1.6f));
      }
      distance = free_start(distance, rider);
      if (distance > kFarthestStart_m) break;
      member.distance_m = distance;
      spawn(member, rider);
    }
    next_same_way_s_ = t_s + static_cast<double>(random_.between(3, 15)) / density;
  }
  if (t_s >= next_oncoming_s_ && oncoming_has_room(rider)) {
    ScriptedVehicle plan = chance_vehicle(rider);
    plan.behaviour = Behaviour::kOncoming;
    plan.distance_m = -kAhead_m;
    if (plan.vehicle == VehicleClass::kBicycle) plan.speed_mps = 6;
    spawn(plan, rider);
    next_oncoming_s_ = t_s + static_cast<double>(random_.between(4, 18)) / density;
  }
  if (rider.s + kAhead_m >= next_parked_at_) {
    const bool village = config_.surroundings == Surroundings::kVillage;
    ScriptedVehicle plan = chance_vehicle(rider);
    if (plan.vehicle == VehicleClass::kBicycle || plan.vehicle == VehicleClass::kBus)
      plan.vehicle = VehicleClass::kCar;
    plan.behaviour = Behaviour::kParked;
    plan.distance_m = rider.s - next_parked_at_;
    plan.other_side = random_.chance(0.5f);
    spawn(plan, rider);
    const bool row = random_.chance(village ? 0.6f : 0.25f);
    next_parked_at_ +=
        row ? 11.0
            : static_cast<double>(village ? random_.between(25, 90) : random_.between(120, 380));
    next_parked_at_ = std::max(next_parked_at_, rider.s);
  }
}

double Traffic::free_start(double distance, const Ride::Pose& rider) const {
  // Behind everybody who comes the same way and is that far back already.
  for (const Vehicle& v : vehicles_) {
    if (v.oncoming() || v.parked()) continue;
    const double end = v.farthest_m(rider.s) + kStartGap_m;
    if (end > distance && end > 100) distance = end;
  }
  return distance;
}

bool Traffic::oncoming_has_room(const Ride::Pose& rider) const {
  return std::none_of(vehicles_.begin(), vehicles_.end(), [&](const Vehicle& v) {
    if (v.parked()) return false;
    const double d = v.nearest_m(rider.s);
    if (v.oncoming()) return d < -kAhead_m + 30;  // the one before has not gone on yet
    if (d < -60) return false;
    const double closing = static_cast<double>(v.speed_mps - rider.speed_mps);
    return closing > 0.5 && v.plan.lateral_m > 0.9 && d / closing < 6.5;
  });
}

float Traffic::wished_u(Vehicle& v, const Ride::Pose& rider) const {
  const auto d = static_cast<float>(v.nearest_m(rider.s));
  const bool bicycle = v.plan.vehicle == VehicleClass::kBicycle;
  const float half = 0.5f * v.model->width;
  float lane = bicycle ? kRiderKeeps_m : kLaneMiddle_m;
  for (const Vehicle& other : vehicles_) {  // others on bicycles are given room, too
    if (bicycle || other.plan.vehicle != VehicleClass::kBicycle || other.oncoming()) continue;
    const double ahead = other.s - v.s;
    if (ahead > -6 && ahead < 55)
      lane = std::min(lane, other.u - 0.5f * other.model->width - kBicycleRoom_m - half);
  }
  if (v.doing != Behaviour::kOvertake) return lane;
  const auto lateral = static_cast<float>(v.plan.lateral_m);
  const float passing =
      lateral >= 0 ? kRiderKeeps_m - lateral - half : kRiderKeeps_m - lateral + half;
  const float closing = std::max(1.0f, v.speed_mps - rider.speed_mps);
  const bool near_enough = d < std::max(14.0f, 4.2f * closing);
  const bool back_in = d < -v.model->length - 8.0f;
  v.blinks_middle = near_enough && d > 4 && lateral > 0.8f && !bicycle && v.id % 3 == 0;
  if (!near_enough || back_in) return lane;
  return lateral >= 0 ? std::min(passing, lane) : passing;
}

bool Traffic::overtaken(const Vehicle& v) const {
  return std::any_of(vehicles_.begin(), vehicles_.end(), [&](const Vehicle& other) {
    const double behind = v.s - other.s;
    return other.id != v.id && other.doing == Behaviour::kOvertake && behind > -20 && behind < 60;
  });
}

float Traffic::beside_others(const Vehicle& v, float wish) const {
  constexpr double kNear_m = 3;
  constexpr float kSideRoom_m = 0.5f;
  for (const Vehicle& other : vehicles_) {
    if (other.id == v.id || other.parked()) continue;
    if (other.oncoming()) {
      const double ahead = other.s - v.s;
      if (ahead < 75 && ahead + static_cast<double>(other.model->length + v.model->length) > 0)
        wish = std::max(wish, other.u + 0.5f * (v.model->width + other.model->width) + 0.2f);
      continue;
    }
    if (other.s - static_cast<double>(other.model->length) > v.s + kNear_m ||
        v.s - static_cast<double>(v.model->length) > other.s + kNear_m)
      continue;
    const float room = 0.5f * (v.model->width + other.model->width) + kSideRoom_m;
    if (std::abs(v.u - other.u) < room - kSideRoom_m - 0.1f) continue;  // behind, not beside
    wish = v.u < other.u ? std::min(wish, other.u - room) : std::max(wish, other.u + room);
  }
  return wish;
}

float Traffic::wished_speed(Vehicle& v, const Ride::Pose& rider) const {
  const auto planned = static_cast<float>(v.plan.speed_mps);
  switch (v.doing) {
    case Behaviour::kFallBack:
      return v.since_s < 0.7 ? rider.speed_mps
                             : std::min(planned, std::max(0.0f, rider.speed_mps - 3.0f));
    case Behaviour::kTurnOff: {
      // Slow enough for the turn when it is reached: v^2 = u^2 + 2 a s.
      const auto left = static_cast<float>(std::max(0.0, v.turn_at_s - v.s - 7.0));
      return std::min(planned, std::sqrt(kTurnSpeed_mps * kTurnSpeed_mps + 2 * 2.6f * left));
    }
    case Behaviour::kOvertake:
    case Behaviour::kFollow:
    case Behaviour::kOncoming:
    case Behaviour::kParked:
      return planned;
  }
  return planned;
}

float Traffic::leader_acceleration(const Vehicle& v, const Ride::Pose& rider, float free) const {
  float least = free;
  const auto behind = [&](float gap, float leader_speed, float keep, float headway) {
    const float closing = v.speed_mps - leader_speed;
    const float wish =
        keep + std::max(0.0f, v.speed_mps * headway +
                                  v.speed_mps * closing /
                                      (2 * std::sqrt(kAccelerate * kBrakeComfortably)));
    const float ratio = wish / std::max(gap, 0.3f);
    least = std::min(least, free - kAccelerate * ratio * ratio);
  };
  const double own_gap = v.nearest_m(rider.s);
  if (v.doing == Behaviour::kFollow && own_gap > 0)
    behind(static_cast<float>(own_gap), rider.speed_mps, static_cast<float>(v.plan.gap_m), 0);
  for (const Vehicle& other : vehicles_) {
    if (other.id == v.id || other.parked() || other.oncoming() != v.oncoming()) continue;
    const double ahead = v.oncoming() ? v.s - other.s : other.s - v.s;
    if (ahead <= 0 || ahead > 150 || !overlaps(v, other)) continue;
    const float gap = static_cast<float>(ahead) - other.model->length;
    behind(gap, other.speed_mps * std::cos(other.turned), kStandstillGap_m, kHeadway_s);
  }
  return std::max(least, -kBrakeHardest);
}

void Traffic::turn_off(Vehicle& v, double dt_s, const Ride::Pose& rider) {
  const float side = v.plan.other_side ? -1.0f : 1.0f;
  const double left = v.turn_at_s - v.s;
  v.blinks_kerb = side > 0 && left < 45;
  v.blinks_middle = side < 0 && left < 45;
  const auto dt = static_cast<float>(dt_s);
  if (left < static_cast<double>(kTurnRadius_m) || v.turned > 0) {
    v.turned = std::min(v.turned + v.speed_mps / kTurnRadius_m * dt, 0.5f * kPi);
  }
  v.s += static_cast<double>(v.speed_mps * std::cos(v.turned)) * dt_s;
  v.u += side * v.speed_mps * std::sin(v.turned) * dt;
  if (v.turned == 0)
    v.u += std::clamp(beside_others(v, wished_u(v, rider)) - v.u, -0.8f * dt, 0.8f * dt);
}

void Traffic::drive(Vehicle& v, double dt_s, const Ride::Pose& rider) {
  v.since_s += dt_s;
  if (v.parked()) return;
  if (v.doing == Behaviour::kFollow && v.since_s > v.plan.hold_s &&
      v.nearest_m(rider.s) < v.plan.gap_m * 2 + 5 && !overtaken(v)) {
    v.doing = v.id % 4 == 3 ? Behaviour::kFallBack : Behaviour::kOvertake;
    v.since_s = 0;
  }
  if (v.doing == Behaviour::kFollow && v.nearest_m(rider.s) > v.plan.gap_m * 2 + 5) v.since_s = 0;
  const auto dt = static_cast<float>(dt_s);
  const float wish = wished_speed(v, rider);
  const float over = v.speed_mps / std::max(wish, 0.1f);
  const float free = v.speed_mps > wish
                         ? -std::min(kBrakeComfortably + 0.8f, 3.0f * (v.speed_mps - wish))
                         : kAccelerate * (1.0f - over * over * over * over);
  const float acceleration = leader_acceleration(v, rider, free);
  v.braking_s = acceleration < -0.8f ? 0.4f : std::max(0.0f, v.braking_s - dt);
  v.speed_mps = std::max(0.0f, v.speed_mps + acceleration * dt);
  if (v.doing == Behaviour::kTurnOff) return turn_off(v, dt_s, rider);
  v.s += static_cast<double>(v.oncoming() ? -v.speed_mps : v.speed_mps) * dt_s;
  if (v.oncoming()) return;
  // Steering: towards the wished line, gently at both ends.
  const float off = beside_others(v, wished_u(v, rider)) - v.u;
  const float wished_sideways = std::clamp(0.9f * off, -1.3f, 1.3f);
  v.sideways_mps += std::clamp(wished_sideways - v.sideways_mps, -1.6f * dt, 1.6f * dt);
  v.u += v.sideways_mps * dt;
}

bool Traffic::finished(const Vehicle& v, const Ride::Pose& rider) const {
  const double near_m = v.nearest_m(rider.s);
  if (v.oncoming() || v.parked()) return near_m > kGone_m;
  if (near_m > kGoneSameWay_m) return true;
  if (std::abs(v.u) > 45) return true;
  return v.farthest_m(rider.s) < -25;
}

void Traffic::step(double t_s, double dt_s, const Ride::Pose& rider) {
  gone_.clear();
  while (next_scripted_ < config_.vehicles.size() &&
         config_.vehicles[next_scripted_].start_s <= t_s)
    spawn(config_.vehicles[next_scripted_++], rider);
  spawn_by_chance(t_s, rider);
  for (Vehicle& vehicle : vehicles_) drive(vehicle, dt_s, rider);
  std::erase_if(vehicles_, [&](const Vehicle& v) {
    if (!finished(v, rider)) return false;
    gone_.push_back(v.id);
    return true;
  });
  std::erase_if(mouths_, [&](const Mouth& mouth) { return rider.s - mouth.s > kGone_m; });
}

}  // namespace rearview::camera

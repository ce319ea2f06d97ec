#include "camera/scene/garage.h"

#include "camera/scene/random.h"

namespace rearview::camera {
namespace {

/// From the numbers of a picture program (sRGB) to linear light.
Vec3 srgb(int red, int green, int blue) {
  const auto linear = [](int v) { return std::pow(static_cast<float>(v) / 255.0f, 2.2f); };
  return {linear(red), linear(green), linear(blue)};
}

}  // namespace

Garage::Garage() {
  models_.push_back(make_hatchback());
  models_.push_back(make_saloon());
  models_.push_back(make_estate());
  models_.push_back(make_offroader());
  models_.push_back(make_van());
  models_.push_back(make_truck());
  models_.push_back(make_bus());
  models_.push_back(make_motorcycle(true));
  models_.push_back(make_motorcycle(false));
  models_.push_back(make_cyclist(false));
  models_.push_back(make_cyclist(true));
}

const VehicleModel& Garage::model(VehicleClass vehicle, std::uint64_t look) const {
  std::vector<const VehicleModel*> fitting;
  for (const VehicleModel& model : models_) {
    if (model.vehicle == vehicle) fitting.push_back(&model);
  }
  return *fitting[mix(look) % fitting.size()];
}

Surfaces Garage::surfaces(VehicleClass vehicle, std::uint64_t look) const {
  static const std::array<Vec3, 12> kPaints{
      srgb(226, 228, 230), srgb(236, 236, 232), srgb(168, 172, 176), srgb(104, 108, 114),
      srgb(34, 36, 40),    srgb(20, 20, 22),    srgb(32, 62, 116),   srgb(64, 104, 150),
      srgb(150, 24, 26),   srgb(186, 40, 30),   srgb(46, 74, 52),    srgb(196, 178, 148)};
  static const std::array<Vec3, 6> kWorkPaints{srgb(236, 236, 234), srgb(238, 238, 236),
                                               srgb(214, 168, 30),  srgb(40, 84, 150),
                                               srgb(176, 32, 34),   srgb(70, 120, 76)};
  static const std::array<Vec3, 7> kCloth{srgb(214, 222, 40), srgb(220, 84, 30), srgb(40, 60, 110),
                                          srgb(150, 30, 40),  srgb(40, 44, 48),  srgb(90, 130, 170),
                                          srgb(220, 220, 214)};
  Random random(look, 77);
  const bool works = vehicle == VehicleClass::kVan || vehicle == VehicleClass::kTruck ||
                     vehicle == VehicleClass::kBus;
  const auto of = [&random](const auto& list) {
    return list[static_cast<std::size_t>(random.below(static_cast<int>(list.size())))];
  };
  Surfaces s;
  const auto set = [&s](Part part, Vec3 albedo, float gloss) {
    s[static_cast<std::size_t>(part)] = {albedo, gloss};
  };
  set(Part::kPaint, works ? of(kWorkPaints) : of(kPaints), 0.05f);
  set(Part::kSecondPaint, works ? of(kWorkPaints) : of(kCloth), 0.02f);
  set(Part::kGlass, {0.012f, 0.015f, 0.017f}, 0.09f);
  set(Part::kBehindGlass, {0.035f, 0.036f, 0.04f}, 0.07f);
  set(Part::kFaceBehindGlass, {0.16f, 0.10f, 0.075f}, 0.06f);
  set(Part::kBlack, {0.018f, 0.018f, 0.02f}, 0.02f);
  set(Part::kUnder, {0.006f, 0.006f, 0.006f}, 0);
  set(Part::kChrome, {0.35f, 0.36f, 0.37f}, 0.45f);
  set(Part::kTyre, {0.02f, 0.02f, 0.021f}, 0.01f);
  set(Part::kRim, {0.30f, 0.31f, 0.32f}, 0.12f);
  set(Part::kHeadlight, {0.55f, 0.57f, 0.6f}, 0.25f);
  set(Part::kTaillight, {0.32f, 0.012f, 0.012f}, 0.08f);
  set(Part::kIndicatorLeft, {0.55f, 0.22f, 0.02f}, 0.08f);
  set(Part::kIndicatorRight, {0.55f, 0.22f, 0.02f}, 0.08f);
  set(Part::kPlate, {0.72f, 0.72f, 0.7f}, 0.01f);
  set(Part::kPlateText, {0.03f, 0.03f, 0.035f}, 0);
  set(Part::kSkin, {0.42f, 0.25f, 0.18f}, 0.01f);
  set(Part::kCloth, of(kCloth) * 0.5f, 0);
  set(Part::kHelmet, of(kPaints), 0.06f);
  return s;
}

}  // namespace rearview::camera

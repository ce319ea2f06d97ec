// Motorcycles and bicycles with their riders.
#include "camera/scene/garage.h"

namespace rearview::camera {

VehicleModel make_motorcycle(bool fairing) {
  VehicleModel model;
  model.vehicle = VehicleClass::kMotorcycle;
  Mesh& m = model.mesh;
  m.wheel(-0.06f, 0.06f, {0, 0.31f, 0.31f}, 0.31f, true);
  m.wheel(0.06f, -0.06f, {0, 0.31f, 0.31f}, 0.31f, true);
  m.wheel(-0.09f, 0.09f, {0, 0.31f, 1.75f}, 0.31f, true);
  m.wheel(0.09f, -0.09f, {0, 0.31f, 1.75f}, 0.31f, true);
  m.ellipsoid({0, 0.60f, 0.30f}, {0.085f, 0.06f, 0.26f}, Part::kPaint);  // mudguard
  m.both_sides([&](Mesh& half) {
    half.bar({0.105f, 0.31f, 0.31f}, {0.11f, 0.98f, 0.55f}, 0.028f, 0.03f, Part::kChrome, 6);
    half.bar({0.08f, 1.03f, 0.60f}, {0.38f, 1.06f, 0.70f}, 0.018f, 0.022f, Part::kBlack, 6);
    half.bar({0.30f, 1.06f, 0.66f}, {0.36f, 1.22f, 0.62f}, 0.009f, 0.009f, Part::kBlack, 4);
    half.ellipsoid({0.38f, 1.25f, 0.62f}, {0.075f, 0.05f, 0.03f}, Part::kBlack, 8);
    half.ellipsoid({0.21f, 0.86f, 0.50f}, {0.05f, 0.035f, 0.04f}, Part::kIndicatorLeft, 6);
    // Rider: thighs, shins, arms, hands.
    half.bar({0.13f, 0.84f, 1.25f}, {0.27f, 0.76f, 0.86f}, 0.095f, 0.075f, Part::kCloth, 8);
    half.bar({0.27f, 0.74f, 0.88f}, {0.23f, 0.38f, 1.08f}, 0.07f, 0.055f, Part::kCloth, 8);
    half.ellipsoid({0.23f, 0.31f, 1.00f}, {0.055f, 0.05f, 0.13f}, Part::kBlack, 8);
    half.bar({0.21f, 1.38f, 1.08f}, {0.37f, 1.17f, 0.90f}, 0.065f, 0.055f, Part::kSecondPaint, 8);
    half.bar({0.37f, 1.16f, 0.90f}, {0.35f, 1.07f, 0.70f}, 0.055f, 0.045f, Part::kSecondPaint, 8);
    half.ellipsoid({0.35f, 1.06f, 0.67f}, {0.055f, 0.045f, 0.06f}, Part::kBlack, 8);
    half.bar({0.12f, 0.35f, 1.2f}, {0.15f, 0.50f, 2.0f}, 0.05f, 0.06f, Part::kChrome, 8);
  });
  m.ellipsoid({0, 0.62f, 0.95f}, {0.20f, 0.26f, 0.42f}, Part::kBlack);  // engine
  m.ellipsoid({0, 0.93f, 0.92f}, {0.16f, 0.14f, 0.30f}, Part::kPaint);  // tank
  m.ellipsoid({0, 0.84f, 1.55f}, {0.15f, 0.10f, 0.42f}, Part::kBlack);  // seat
  m.ellipsoid({0, 0.80f, 1.95f}, {0.08f, 0.05f, 0.10f}, Part::kTaillight, 8);
  if (fairing) {
    m.ellipsoid({0, 0.90f, 0.52f}, {0.24f, 0.22f, 0.20f}, Part::kPaint, 14);
    m.both_sides([&](Mesh& half) {
      half.ellipsoid({0.17f, 0.62f, 0.68f}, {0.08f, 0.24f, 0.24f}, Part::kPaint, 12);
      half.ellipsoid({0.095f, 0.90f, 0.345f}, {0.075f, 0.055f, 0.05f}, Part::kHeadlight, 10);
    });
    m.ellipsoid({0, 1.13f, 0.58f}, {0.16f, 0.16f, 0.10f}, Part::kGlass, 12);
    model.headlights = {{0, 0.90f, 0.30f}};
  } else {
    m.ellipsoid({0, 0.96f, 0.44f}, {0.115f, 0.115f, 0.09f}, Part::kBlack, 12);
    m.ellipsoid({0, 0.96f, 0.40f}, {0.098f, 0.098f, 0.07f}, Part::kHeadlight, 12);
    m.ellipsoid({0, 1.12f, 0.56f}, {0.12f, 0.06f, 0.06f}, Part::kBlack, 8);
    model.headlights = {{0, 0.96f, 0.32f}};
  }
  m.ellipsoid({0, 1.15f, 1.17f}, {0.24f, 0.36f, 0.17f}, Part::kSecondPaint, 14);
  m.ellipsoid({0, 1.42f, 1.10f}, {0.20f, 0.10f, 0.12f}, Part::kSecondPaint, 10);
  m.ellipsoid({0, 1.63f, 1.02f}, {0.135f, 0.155f, 0.165f}, Part::kHelmet, 14);
  m.ellipsoid({0, 1.635f, 0.945f}, {0.108f, 0.062f, 0.105f}, Part::kGlass, 12);  // visor
  model.length = 2.08f;
  model.width = 0.86f;
  model.height = 1.79f;
  model.taillights = {{0, 0.80f, 2.05f}};
  return model;
}

VehicleModel make_cyclist(bool upright) {
  VehicleModel model;
  model.vehicle = VehicleClass::kBicycle;
  Mesh& m = model.mesh;
  const float lift = upright ? 0.12f : 0.0f;
  for (const float z : {0.34f, 1.38f}) {
    constexpr int kSides = 24;
    for (int i = 0; i < kSides; ++i) {  // a thin tyre; one looks through between the spokes
      const auto rim = [&](int k) {
        const float angle = 2 * kPi * static_cast<float>(k) / kSides;
        return Vec3{0, 0.34f + 0.33f * std::sin(angle), z + 0.33f * std::cos(angle)};
      };
      m.bar(rim(i), rim(i + 1), 0.017f, 0.017f, Part::kTyre, 5);
    }
    m.bar({-0.04f, 0.34f, z}, {0.04f, 0.34f, z}, 0.02f, 0.02f, Part::kChrome, 6);
  }
  const Vec3 head{0, 0.86f, 0.50f};
  const Vec3 crank{0, 0.30f, 0.92f};
  const Vec3 saddle{0, 0.92f, 1.12f};
  m.bar(head, crank, 0.022f, 0.022f, Part::kPaint, 6);
  m.bar(head, saddle, 0.018f, 0.018f, Part::kPaint, 6);
  m.bar(crank, saddle, 0.018f, 0.018f, Part::kPaint, 6);
  m.bar(crank, {0, 0.34f, 1.38f}, 0.012f, 0.012f, Part::kPaint, 5);
  m.bar(head, {0, 1.0f + lift, 0.47f}, 0.018f, 0.018f, Part::kBlack, 6);
  m.ellipsoid({0, 0.95f, 1.15f}, {0.07f, 0.035f, 0.13f}, Part::kBlack, 8);
  m.ellipsoid({0, 0.94f + lift, 0.40f}, {0.035f, 0.035f, 0.03f}, Part::kHeadlight, 8);
  m.both_sides([&](Mesh& half) {
    half.bar({0.03f, 0.34f, 0.34f}, {0.03f, 0.82f, 0.49f}, 0.013f, 0.016f, Part::kPaint, 5);
    half.bar({0.0f, 1.0f + lift, 0.47f}, {0.24f, 1.0f + lift, 0.50f}, 0.015f, 0.015f, Part::kBlack,
             6);
    half.bar({0.19f, 1.38f + lift, upright ? 1.02f : 0.86f}, {0.27f, 1.15f + lift, 0.66f}, 0.05f,
             0.042f, Part::kSecondPaint, 7);
    half.bar({0.27f, 1.15f + lift, 0.66f}, {0.22f, 1.02f + lift, 0.50f}, 0.04f, 0.033f, Part::kSkin,
             7);
    half.ellipsoid({0.22f, 1.02f + lift, 0.48f}, {0.045f, 0.035f, 0.05f}, Part::kSkin, 8);
  });
  // One leg down, one up.
  m.bar({0.11f, 0.93f, 1.10f}, {0.12f, 0.66f, 0.78f}, 0.085f, 0.065f, Part::kCloth, 8);
  m.bar({0.12f, 0.65f, 0.79f}, {0.12f, 0.22f, 0.96f}, 0.06f, 0.042f, Part::kSkin, 8);
  m.bar({-0.11f, 0.93f, 1.10f}, {-0.12f, 0.86f, 0.70f}, 0.085f, 0.065f, Part::kCloth, 8);
  m.bar({-0.12f, 0.85f, 0.71f}, {-0.12f, 0.46f, 0.90f}, 0.06f, 0.042f, Part::kSkin, 8);
  m.ellipsoid({0.12f, 0.17f, 0.92f}, {0.045f, 0.045f, 0.13f}, Part::kBlack, 8);
  m.ellipsoid({-0.12f, 0.42f, 0.86f}, {0.045f, 0.045f, 0.13f}, Part::kBlack, 8);
  const float chest = upright ? 1.05f : 0.94f;
  m.ellipsoid({0, 1.16f + 0.5f * lift, chest + 0.02f}, {0.185f, 0.33f, 0.16f}, Part::kSecondPaint,
              14);
  m.ellipsoid({0, 1.38f + lift, chest - 0.06f}, {0.20f, 0.09f, 0.12f}, Part::kSecondPaint, 10);
  const Vec3 face{0, 1.58f + lift, chest - 0.12f};
  m.ellipsoid(face, {0.085f, 0.12f, 0.10f}, Part::kSkin, 12);
  m.ellipsoid(face + Vec3{0, 0.075f, 0.015f}, {0.105f, 0.085f, 0.14f}, Part::kHelmet, 12);
  m.ellipsoid(face + Vec3{0, 0.015f, -0.07f}, {0.075f, 0.022f, 0.04f}, Part::kBlack, 8);
  model.length = 1.72f;
  model.width = 0.62f;
  model.height = 1.74f + lift;
  model.headlights = {{0, 0.94f + lift, 0.36f}};
  model.taillights = {{0, 0.78f, 1.25f}};
  return model;
}

}  // namespace rearview::camera

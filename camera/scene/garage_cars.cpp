// Cars and vans: one recipe, many measurements.
#include "camera/scene/body_shape.h"
#include "camera/scene/garage.h"

namespace rearview::camera {
namespace {

/// What tells one car from the next, metres.
struct CarPlan {
  VehicleClass vehicle = VehicleClass::kCar;
  std::vector<Station> stations;
  float inset = 0.24f;
  float front_bow = 0.20f;
  BodyShape::Glazing glazing;
  float front_axle = 0.85f, rear_axle = 3.4f, wheel_radius = 0.32f;
  float lamp_y = 0.66f;       ///< middle of the headlights
  float lamp_height = 0.14f;  ///< of the headlights
  float lamp_inner = 0.46f, lamp_outer = 0.76f;
  float grille_low = 0.52f, grille_high = 0.70f, grille_half = 0.40f;
  float plate_y = 0.43f;
  float tail_low = 0.72f, tail_high = 0.92f;
  float seat_y = 1.12f;  ///< of the driver's chin
};

void number_plate(const BodyShape& body, Mesh& mesh, float y, bool front) {
  const auto patch = [&](float x0, float x1, float y0, float y1, Part part, float lift) {
    if (front)
      body.front_patch(mesh, {x0, y1}, {x1, y1}, {x1, y0}, {x0, y0}, part, lift);
    else
      body.rear_patch(mesh, {x0, y1}, {x1, y1}, {x1, y0}, {x0, y0}, part, lift);
  };
  patch(-0.26f, 0.26f, y - 0.055f, y + 0.055f, Part::kPlate, 0.03f);
  for (const float x : {-0.20f, -0.13f, -0.02f, 0.05f, 0.12f, 0.19f})
    patch(x - 0.022f, x + 0.022f, y - 0.034f, y + 0.034f, Part::kPlateText, 0.034f);
}

void face_of(const CarPlan& plan, const BodyShape& body, Mesh& mesh) {
  const float gl = plan.grille_low;
  const float gh = plan.grille_high;
  const float gw = plan.grille_half;
  body.front_patch(mesh, {-gw, gh}, {gw, gh}, {gw * 0.86f, gl}, {-gw * 0.86f, gl}, Part::kBlack);
  for (int bar = 1; bar < 4; ++bar) {
    const float y = lerp(gl, gh, static_cast<float>(bar) / 4.0f);
    body.front_patch(mesh, {-gw * 0.92f, y + 0.008f}, {gw * 0.92f, y + 0.008f},
                     {gw * 0.92f, y - 0.008f}, {-gw * 0.92f, y - 0.008f}, Part::kChrome, 0.018f);
  }
  body.front_patch(mesh, {-0.07f, gh + 0.01f}, {0.07f, gh + 0.01f}, {0.055f, gh - 0.11f},
                   {-0.055f, gh - 0.11f}, Part::kChrome, 0.026f);
  const Station nose = body.at(0.05f);
  const float low = nose.bottom + 0.03f;
  body.front_patch(mesh, {-0.52f, low + 0.12f}, {0.52f, low + 0.12f}, {0.46f, low}, {-0.46f, low},
                   Part::kBlack);
  const float y = plan.lamp_y;
  const float h = plan.lamp_height * 0.5f;
  for (const float side : {1.0f, -1.0f}) {
    const float in = plan.lamp_inner * side;
    const float out = plan.lamp_outer * side;
    const float middle = lerp(in, out, 0.5f);
    body.front_patch(mesh, {in, y + h * 0.5f}, {out, y + h * 1.25f}, {out, y - h * 0.3f},
                     {in, y - h * 0.9f}, Part::kBlack, 0.016f);
    body.front_patch(mesh, {lerp(in, out, 0.06f), y + h * 0.42f},
                     {lerp(in, out, 0.78f), y + h * 0.9f}, {lerp(in, out, 0.78f), y - h * 0.35f},
                     {lerp(in, out, 0.06f), y - h * 0.72f}, Part::kHeadlight, 0.024f);
    const Part indicator = side > 0 ? Part::kIndicatorLeft : Part::kIndicatorRight;
    body.front_patch(mesh, {lerp(in, out, 0.80f), y + h * 0.95f},
                     {lerp(in, out, 0.97f), y + h * 1.1f}, {lerp(in, out, 0.97f), y - h * 0.2f},
                     {lerp(in, out, 0.80f), y - h * 0.3f}, indicator, 0.024f);
    body.front_patch(mesh, {middle - 0.09f, low + 0.11f}, {middle + 0.09f, low + 0.11f},
                     {middle + 0.07f, low + 0.03f}, {middle - 0.07f, low + 0.03f}, Part::kBlack,
                     0.014f);
  }
  number_plate(body, mesh, plan.plate_y, true);
}

void inside_of(const CarPlan& plan, const BodyShape& body, Mesh& mesh) {
  const float y = plan.seat_y;
  for (const float x : {0.36f, -0.36f}) {  // head rests
    body.front_patch(mesh, {x - 0.12f, y + 0.16f}, {x + 0.12f, y + 0.16f}, {x + 0.13f, y - 0.02f},
                     {x - 0.13f, y - 0.02f}, Part::kBehindGlass, 0.008f);
    body.rear_patch(mesh, {x - 0.12f, y + 0.12f}, {x + 0.12f, y + 0.12f}, {x + 0.13f, y - 0.06f},
                    {x - 0.13f, y - 0.06f}, Part::kBehindGlass, 0.008f);
  }
  // The driver of a left-hand-drive car sits on the right of who looks at its front.
  body.front_patch(mesh, {0.30f, y + 0.14f}, {0.42f, y + 0.14f}, {0.41f, y}, {0.31f, y},
                   Part::kFaceBehindGlass, 0.012f);
  body.front_patch(mesh, {0.27f, y}, {0.45f, y}, {0.54f, y - 0.14f}, {0.18f, y - 0.14f},
                   Part::kBehindGlass, 0.012f);
}

void back_of(const CarPlan& plan, const BodyShape& body, Mesh& mesh) {
  const float w = body.at(body.length() * 0.9f).half_width;
  for (const float side : {1.0f, -1.0f})
    body.rear_patch(mesh, {side * (w - 0.30f), plan.tail_high},
                    {side * (w - 0.07f), plan.tail_high}, {side * (w - 0.07f), plan.tail_low},
                    {side * (w - 0.26f), plan.tail_low}, Part::kTaillight, 0.02f);
  const float low = body.at(body.length() - 0.05f).bottom;
  body.rear_patch(mesh, {-0.6f, low + 0.12f}, {0.6f, low + 0.12f}, {0.55f, low + 0.01f},
                  {-0.55f, low + 0.01f}, Part::kBlack);
  number_plate(body, mesh, 0.5f * (plan.tail_low + plan.tail_high) - 0.05f, false);
}

VehicleModel make_car(const CarPlan& plan) {
  const BodyShape body(plan.stations, plan.inset, plan.front_bow, 0.14f);
  VehicleModel model;
  model.vehicle = plan.vehicle;
  model.length = body.length();
  body.skin(model.mesh, plan.glazing);
  face_of(plan, body, model.mesh);
  inside_of(plan, body, model.mesh);
  back_of(plan, body, model.mesh);
  const float half = body.at(0.5f * body.length()).half_width;
  const float belt = body.at(plan.glazing.screen_from + 0.3f).belt;
  const float r = plan.wheel_radius;
  model.mesh.both_sides([&](Mesh& mesh) {
    for (const float axle : {plan.front_axle, plan.rear_axle}) {
      mesh.wheel(half - 0.22f, half + 0.015f, {0, r, axle}, r, true);
      const float x = half + 0.006f;
      const std::uint32_t hub = mesh.vertex({x, r, axle}, {1, 0, 0}, Part::kUnder);
      constexpr int kSides = 16;
      for (int i = 0; i < kSides; ++i) {
        const auto rim = [&](int k) {
          const float angle = 2 * kPi * static_cast<float>(k) / kSides;
          return mesh.vertex(
              {x, r + r * 1.16f * std::sin(angle), axle + r * 1.16f * std::cos(angle)}, {1, 0, 0},
              Part::kUnder);
        };
        mesh.triangle(hub, rim(i), rim(i + 1));
      }
    }
    mesh.ellipsoid({half + 0.10f, belt + 0.10f, plan.glazing.screen_from + 0.42f},
                   {0.12f, 0.075f, 0.06f}, Part::kPaint);
    mesh.box({half - 0.04f, belt + 0.02f, plan.glazing.screen_from + 0.40f},
             {half + 0.04f, belt + 0.07f, plan.glazing.screen_from + 0.46f}, Part::kBlack);
    // Doors: a line along each edge, a handle.
    for (const float door : {plan.glazing.screen_from + 0.30f, 0.53f * body.length()})
      mesh.box({half - 0.02f, 0.34f, door}, {half + 0.004f, belt - 0.02f, door + 0.012f},
               Part::kBlack);
    mesh.box({half, belt - 0.13f, 0.47f * body.length()},
             {half + 0.025f, belt - 0.10f, 0.47f * body.length() + 0.16f}, Part::kChrome);
  });
  float height = 0;
  for (const Station& station : plan.stations) height = std::max(height, station.top);
  model.height = height;
  model.width = 2 * half;
  const float x = 0.5f * (plan.lamp_inner + plan.lamp_outer);
  const float tail = half - 0.18f;
  const float tail_y = 0.5f * (plan.tail_low + plan.tail_high);
  model.headlights = {{x, plan.lamp_y, 0.05f}, {-x, plan.lamp_y, 0.05f}};
  model.taillights = {{tail, tail_y, model.length}, {-tail, tail_y, model.length}};
  return model;
}

}  // namespace

VehicleModel make_hatchback() {
  CarPlan p;
  p.stations = {{0.00f, 0.27f, 0.56f, 0.62f, 0.74f},  {0.10f, 0.23f, 0.66f, 0.75f, 0.82f},
                {0.45f, 0.21f, 0.80f, 0.88f, 0.875f}, {0.98f, 0.20f, 0.88f, 0.99f, 0.885f},
                {1.75f, 0.20f, 0.92f, 1.42f, 0.89f},  {2.30f, 0.20f, 0.94f, 1.48f, 0.89f},
                {3.30f, 0.20f, 0.96f, 1.44f, 0.885f}, {3.80f, 0.24f, 0.98f, 1.26f, 0.865f},
                {4.02f, 0.26f, 0.92f, 1.02f, 0.83f},  {4.10f, 0.30f, 0.78f, 0.84f, 0.79f}};
  p.glazing = {0.98f, 1.75f, 3.42f, 3.92f, 1.10f, 3.55f, {2.28f, 3.10f}};
  p.front_axle = 0.82f;
  p.rear_axle = 3.38f;
  p.tail_low = 0.74f;
  p.tail_high = 1.0f;
  return make_car(p);
}

VehicleModel make_saloon() {
  CarPlan p;
  p.stations = {{0.00f, 0.26f, 0.55f, 0.61f, 0.76f},  {0.10f, 0.22f, 0.64f, 0.73f, 0.84f},
                {0.55f, 0.20f, 0.78f, 0.85f, 0.90f},  {1.22f, 0.19f, 0.86f, 0.95f, 0.91f},
                {2.05f, 0.19f, 0.89f, 1.37f, 0.915f}, {2.60f, 0.19f, 0.91f, 1.43f, 0.915f},
                {3.40f, 0.20f, 0.93f, 1.37f, 0.91f},  {4.10f, 0.23f, 0.95f, 1.08f, 0.89f},
                {4.62f, 0.26f, 0.94f, 1.02f, 0.86f},  {4.72f, 0.30f, 0.76f, 0.82f, 0.82f}};
  p.glazing = {1.22f, 2.05f, 3.44f, 4.08f, 1.35f, 3.70f, {2.65f, 3.45f}};
  p.front_axle = 0.92f;
  p.rear_axle = 3.78f;
  p.lamp_y = 0.64f;
  p.lamp_height = 0.12f;
  p.lamp_outer = 0.78f;
  p.grille_half = 0.44f;
  p.seat_y = 1.08f;
  return make_car(p);
}

VehicleModel make_estate() {
  CarPlan p;
  p.stations = {{0.00f, 0.26f, 0.56f, 0.63f, 0.76f},  {0.10f, 0.22f, 0.66f, 0.76f, 0.84f},
                {0.55f, 0.20f, 0.80f, 0.88f, 0.89f},  {1.15f, 0.19f, 0.88f, 0.98f, 0.90f},
                {1.95f, 0.19f, 0.92f, 1.41f, 0.905f}, {2.60f, 0.19f, 0.93f, 1.47f, 0.905f},
                {3.90f, 0.20f, 0.95f, 1.45f, 0.90f},  {4.35f, 0.23f, 0.96f, 1.30f, 0.88f},
                {4.58f, 0.26f, 0.92f, 1.00f, 0.85f},  {4.66f, 0.30f, 0.76f, 0.82f, 0.81f}};
  p.glazing = {1.15f, 1.95f, 4.02f, 4.50f, 1.28f, 4.15f, {2.55f, 3.40f}};
  p.front_axle = 0.90f;
  p.rear_axle = 3.66f;
  p.grille_half = 0.46f;
  p.tail_low = 0.72f;
  p.tail_high = 1.02f;
  return make_car(p);
}

VehicleModel make_offroader() {
  CarPlan p;
  p.stations = {{0.00f, 0.36f, 0.72f, 0.80f, 0.82f},  {0.10f, 0.31f, 0.84f, 0.96f, 0.89f},
                {0.45f, 0.28f, 0.98f, 1.06f, 0.93f},  {1.12f, 0.27f, 1.04f, 1.14f, 0.935f},
                {1.80f, 0.27f, 1.07f, 1.60f, 0.94f},  {2.40f, 0.27f, 1.08f, 1.68f, 0.94f},
                {3.90f, 0.28f, 1.10f, 1.66f, 0.935f}, {4.32f, 0.31f, 1.12f, 1.48f, 0.92f},
                {4.52f, 0.35f, 1.08f, 1.18f, 0.89f},  {4.60f, 0.40f, 0.90f, 0.96f, 0.86f}};
  p.inset = 0.20f;
  p.front_bow = 0.15f;
  p.glazing = {1.12f, 1.80f, 4.02f, 4.46f, 1.25f, 4.10f, {2.50f, 3.35f}};
  p.front_axle = 0.90f;
  p.rear_axle = 3.62f;
  p.wheel_radius = 0.37f;
  p.lamp_y = 0.82f;
  p.lamp_height = 0.16f;
  p.lamp_inner = 0.50f;
  p.lamp_outer = 0.82f;
  p.grille_low = 0.62f;
  p.grille_high = 0.88f;
  p.grille_half = 0.44f;
  p.plate_y = 0.54f;
  p.tail_low = 0.86f;
  p.tail_high = 1.14f;
  p.seat_y = 1.28f;
  return make_car(p);
}

VehicleModel make_van() {
  CarPlan p;
  p.vehicle = VehicleClass::kVan;
  p.stations = {{0.00f, 0.34f, 0.74f, 0.84f, 0.82f}, {0.10f, 0.29f, 0.88f, 1.02f, 0.92f},
                {0.40f, 0.26f, 1.06f, 1.16f, 0.97f}, {0.72f, 0.26f, 1.16f, 1.28f, 0.985f},
                {1.42f, 0.26f, 1.20f, 2.00f, 0.99f}, {1.90f, 0.26f, 1.22f, 2.22f, 0.99f},
                {3.00f, 0.26f, 1.22f, 2.28f, 0.99f}, {5.10f, 0.28f, 1.22f, 2.26f, 0.985f},
                {5.36f, 0.34f, 1.20f, 2.18f, 0.97f}, {5.42f, 0.38f, 1.10f, 2.02f, 0.94f}};
  p.inset = 0.17f;
  p.front_bow = 0.16f;
  p.glazing = {0.72f, 1.46f, 0, 0, 0.90f, 1.95f, {}};
  p.front_axle = 0.95f;
  p.rear_axle = 4.25f;
  p.wheel_radius = 0.35f;
  p.lamp_y = 0.88f;
  p.lamp_height = 0.24f;
  p.lamp_inner = 0.58f;
  p.lamp_outer = 0.86f;
  p.grille_low = 0.66f;
  p.grille_high = 0.92f;
  p.grille_half = 0.48f;
  p.plate_y = 0.50f;
  p.tail_low = 0.90f;
  p.tail_high = 1.40f;
  p.seat_y = 1.52f;
  VehicleModel model = make_car(p);
  const BodyShape body(p.stations, p.inset, p.front_bow, 0.14f);
  for (const float x : {-0.42f, 0.42f})  // windows of the back doors
    body.rear_patch(model.mesh, {x - 0.3f, 1.92f}, {x + 0.3f, 1.92f}, {x + 0.32f, 1.42f},
                    {x - 0.32f, 1.42f}, Part::kGlass);
  body.side_patch(model.mesh, 2.2f, 4.9f, 1.26f, 1.29f, Part::kBlack);
  return model;
}

}  // namespace rearview::camera

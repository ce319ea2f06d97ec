// Trucks and buses.
#include "camera/scene/body_shape.h"
#include "camera/scene/garage.h"

namespace rearview::camera {
namespace {

void plate(const BodyShape& body, Mesh& mesh, float y) {
  body.front_patch(mesh, {-0.26f, y + 0.06f}, {0.26f, y + 0.06f}, {0.26f, y - 0.06f},
                   {-0.26f, y - 0.06f}, Part::kPlate, 0.03f);
  for (const float x : {-0.19f, -0.12f, 0.0f, 0.08f, 0.16f})
    body.front_patch(mesh, {x - 0.025f, y + 0.035f}, {x + 0.025f, y + 0.035f},
                     {x + 0.025f, y - 0.035f}, {x - 0.025f, y - 0.035f}, Part::kPlateText, 0.035f);
}

void rect(const BodyShape& body, Mesh& mesh, float x, float half, float y0, float y1, Part part,
          float lift = 0.012f) {
  body.front_patch(mesh, {x - half, y1}, {x + half, y1}, {x + half, y0}, {x - half, y0}, part,
                   lift);
}

void big_lamps(const BodyShape& body, Mesh& mesh, float x, float y) {
  for (const float side : {1.0f, -1.0f}) {
    rect(body, mesh, side * x, 0.24f, y - 0.13f, y + 0.13f, Part::kBlack, 0.014f);
    rect(body, mesh, side * (x - 0.06f), 0.15f, y - 0.09f, y + 0.09f, Part::kHeadlight, 0.022f);
    rect(body, mesh, side * (x + 0.17f), 0.05f, y - 0.09f, y + 0.09f,
         side > 0 ? Part::kIndicatorLeft : Part::kIndicatorRight, 0.022f);
  }
}

void twin_wheel(Mesh& mesh, float half, float axle, float radius) {
  mesh.wheel(half - 0.55f, half - 0.02f, {0, radius, axle}, radius, true);
}

}  // namespace

VehicleModel make_truck() {
  VehicleModel model;
  model.vehicle = VehicleClass::kTruck;
  const BodyShape cab({{0.00f, 0.42f, 1.50f, 2.72f, 1.16f},
                       {0.10f, 0.36f, 1.50f, 2.82f, 1.21f},
                       {0.50f, 0.36f, 1.52f, 2.98f, 1.235f},
                       {1.10f, 0.40f, 1.55f, 3.10f, 1.24f},
                       {1.90f, 0.60f, 1.55f, 3.14f, 1.24f},
                       {2.05f, 0.80f, 1.55f, 3.10f, 1.22f}},
                      0.10f, 0.12f, 0.0f);
  Mesh& mesh = model.mesh;
  cab.skin(mesh, {0, 0, 0, 0, 0.32f, 1.25f, {}});
  cab.front_patch(mesh, {-1.04f, 2.55f}, {1.04f, 2.55f}, {1.10f, 1.66f}, {-1.10f, 1.66f},
                  Part::kGlass, 0.014f);
  rect(cab, mesh, 0, 1.08f, 2.56f, 2.70f, Part::kBlack, 0.05f);  // sun visor
  for (const float x : {0.55f, -0.55f})
    rect(cab, mesh, x, 0.17f, 1.72f, 2.20f, Part::kBehindGlass, 0.018f);
  rect(cab, mesh, 0.55f, 0.09f, 2.00f, 2.20f, Part::kFaceBehindGlass, 0.022f);
  rect(cab, mesh, 0, 0.82f, 0.92f, 1.50f, Part::kBlack);
  for (const float y : {1.02f, 1.16f, 1.30f, 1.44f})
    rect(cab, mesh, 0, 0.78f, y - 0.018f, y + 0.018f, Part::kPaint, 0.02f);
  rect(cab, mesh, 0, 0.12f, 1.32f, 1.46f, Part::kChrome, 0.03f);
  rect(cab, mesh, 0, 1.12f, 0.40f, 0.56f, Part::kBlack);
  big_lamps(cab, mesh, 0.86f, 0.72f);
  plate(cab, mesh, 0.62f);
  mesh.both_sides([&](Mesh& half) {
    half.wheel(0.86f, 1.20f, {0, 0.5f, 1.25f}, 0.5f, true);
    half.wheel(0.62f, 1.20f, {0, 0.5f, 6.9f}, 0.5f, true);
    half.box({1.26f, 1.72f, 0.20f}, {1.46f, 2.42f, 0.32f}, Part::kBlack);  // mirror
    half.box({1.10f, 2.40f, 0.24f}, {1.40f, 2.44f, 0.28f}, Part::kBlack);
    half.box({1.00f, 0.45f, 2.6f}, {1.22f, 0.95f, 5.6f}, Part::kBlack);  // side guard
    half.box({1.20f, 0.30f, 8.52f}, {1.22f, 0.9f, 8.56f}, Part::kBlack);
  });
  mesh.box({-0.45f, 0.60f, 1.9f}, {0.45f, 1.02f, 8.5f}, Part::kUnder);  // frame
  mesh.box({-1.275f, 1.02f, 2.25f}, {1.275f, 3.72f, 8.6f}, Part::kSecondPaint);
  mesh.box({-1.285f, 1.00f, 2.24f}, {1.285f, 1.12f, 8.61f}, Part::kBlack);
  mesh.box({-1.285f, 3.66f, 2.24f}, {1.285f, 3.73f, 8.61f}, Part::kChrome);
  for (const float side : {1.0f, -1.0f}) {
    const float x = side * 0.95f;
    mesh.face({x - 0.2f, 0.78f, 8.63f}, {x + 0.2f, 0.78f, 8.63f}, {x + 0.2f, 0.95f, 8.63f},
              {x - 0.2f, 0.95f, 8.63f}, {0, 0, 1}, Part::kTaillight);
  }
  mesh.box({-0.02f, 1.14f, 8.6f}, {0.02f, 3.64f, 8.62f}, Part::kBlack);
  model.length = 8.62f;
  model.width = 2.55f;
  model.height = 3.73f;
  model.headlights = {{0.80f, 0.72f, 0.02f}, {-0.80f, 0.72f, 0.02f}};
  model.taillights = {{0.95f, 0.86f, 8.63f}, {-0.95f, 0.86f, 8.63f}};
  return model;
}

VehicleModel make_bus() {
  VehicleModel model;
  model.vehicle = VehicleClass::kBus;
  const BodyShape body({{0.00f, 0.34f, 1.10f, 2.86f, 1.18f},
                        {0.12f, 0.30f, 1.10f, 2.98f, 1.25f},
                        {0.60f, 0.30f, 1.10f, 3.04f, 1.27f},
                        {2.00f, 0.30f, 1.10f, 3.06f, 1.275f},
                        {6.00f, 0.30f, 1.10f, 3.06f, 1.275f},
                        {11.4f, 0.32f, 1.10f, 3.05f, 1.275f},
                        {11.85f, 0.36f, 1.10f, 3.00f, 1.25f},
                        {11.95f, 0.42f, 1.10f, 2.90f, 1.20f}},
                       0.09f, 0.16f, 0.06f);
  Mesh& mesh = model.mesh;
  body.skin(mesh, {0, 0, 0, 0, 0.5f, 11.3f, {1.5f, 2.9f, 4.4f, 5.9f, 7.4f, 8.9f, 10.3f}});
  body.front_patch(mesh, {-1.12f, 2.58f}, {1.12f, 2.58f}, {1.14f, 1.06f}, {-1.14f, 1.06f},
                   Part::kGlass, 0.014f);
  rect(body, mesh, 0, 1.06f, 2.56f, 2.82f, Part::kBlack, 0.016f);
  for (int i = 0; i < 9; ++i) {  // the destination in amber dots, too small to be read
    const float x = -0.72f + 0.18f * static_cast<float>(i);
    if (i != 3) rect(body, mesh, x, 0.055f, 2.63f, 2.75f, Part::kPlate, 0.022f);
  }
  rect(body, mesh, 0.58f, 0.26f, 1.16f, 1.70f, Part::kBehindGlass, 0.018f);
  rect(body, mesh, 0.58f, 0.10f, 1.68f, 1.90f, Part::kFaceBehindGlass, 0.022f);
  rect(body, mesh, 0, 0.012f, 1.08f, 2.56f, Part::kBlack, 0.02f);
  rect(body, mesh, 0, 1.05f, 0.36f, 0.46f, Part::kBlack);
  rect(body, mesh, 0, 0.55f, 0.74f, 0.98f, Part::kSecondPaint, 0.014f);
  rect(body, mesh, 0, 0.12f, 0.80f, 0.92f, Part::kChrome, 0.03f);
  big_lamps(body, mesh, 0.90f, 0.66f);
  plate(body, mesh, 0.56f);
  body.side_patch(mesh, 0.7f, 11.4f, 0.62f, 0.82f, Part::kSecondPaint);
  body.rear_patch(mesh, {-0.95f, 2.5f}, {0.95f, 2.5f}, {0.98f, 1.6f}, {-0.98f, 1.6f}, Part::kGlass);
  for (const float side : {1.0f, -1.0f})
    body.rear_patch(mesh, {side * 0.92f, 1.25f}, {side * 1.12f, 1.25f}, {side * 1.12f, 0.75f},
                    {side * 0.92f, 0.75f}, Part::kTaillight, 0.02f);
  mesh.both_sides([&](Mesh& half) {
    twin_wheel(half, 1.30f, 2.7f, 0.48f);
    twin_wheel(half, 1.30f, 8.9f, 0.48f);
    half.ellipsoid({1.34f, 2.35f, -0.12f}, {0.13f, 0.24f, 0.09f}, Part::kBlack);
    half.bar({1.10f, 2.72f, 0.10f}, {1.34f, 2.55f, -0.10f}, 0.025f, 0.025f, Part::kBlack, 5);
  });
  model.length = 11.95f;
  model.width = 2.55f;
  model.height = 3.06f;
  model.headlights = {{0.84f, 0.66f, 0.0f}, {-0.84f, 0.66f, 0.0f}};
  model.taillights = {{1.02f, 1.0f, 11.95f}, {-1.02f, 1.0f, 11.95f}};
  return model;
}

}  // namespace rearview::camera

#include "camera/scene/vehicle_painter.h"

namespace rearview::camera {
namespace {

constexpr float kDrawn_m = 260;

/// Where a vehicle stands in the level frame: its mesh's axes.
struct Stand {
  Vec3 origin, across, along;

  Vec3 operator()(Vec3 mesh) const {
    return origin + across * mesh.x + along * mesh.z + Vec3{0, mesh.y, 0};
  }
  Vec3 direction(Vec3 mesh) const { return across * mesh.x + along * mesh.z + Vec3{0, mesh.y, 0}; }
};

Stand stand_of(const Vehicle& v, const Alignment& alignment) {
  const auto front = static_cast<float>(alignment.camera_s() - v.s);
  const Alignment::Pose pose = alignment.pose(front, v.u);
  float turn = pose.turn;
  // Yaw towards the kerb is to the picture's left in right-hand traffic; the mesh's z runs from the
  // front to the back, so the front swings one way and z the other.
  const float to_kerb = v.turned * (v.plan.other_side ? -1.0f : 1.0f) +
                        std::atan2(v.sideways_mps, std::max(v.speed_mps, 4.0f)) * 0.9f;
  turn += to_kerb * alignment.kerb_sign();
  Vec3 along{std::sin(turn), 0, std::cos(turn)};
  Vec3 across{std::cos(turn), 0, -std::sin(turn)};
  if (v.faces_away()) {
    along = -along;
    across = -across;
  }
  return {pose.at, across, along};
}

bool blinks(double t_s) {
  return t_s - std::floor(t_s / 0.7) * 0.7 < 0.4;
}

/// Light that a part gives off by itself, linear.
Vec3 glow_of(Part part, const Vehicle& v, const Atmosphere& atmosphere, float kerb_sign,
             double t_s) {
  const bool standing = v.parked();
  switch (part) {
    case Part::kHeadlight:
      if (standing) return {};
      return atmosphere.lamps_on ? Vec3{2.6f, 2.5f, 2.3f}
             : v.plan.vehicle == VehicleClass::kMotorcycle || v.id % 3 != 0
                 ? Vec3{0.75f, 0.78f, 0.8f}
                 : Vec3{};
    case Part::kTaillight:
      if (v.braking_s > 0) return {0.9f, 0.05f, 0.04f};
      return atmosphere.lamps_on && !standing ? Vec3{0.28f, 0.012f, 0.01f} : Vec3{};
    case Part::kIndicatorLeft:
    case Part::kIndicatorRight: {
      // The driver's left is away from the kerb in right-hand traffic.
      const bool middle = (part == Part::kIndicatorLeft) == (kerb_sign > 0);
      const bool on = middle ? v.blinks_middle : v.blinks_kerb;
      return on && blinks(t_s + 0.13 * static_cast<double>(v.id % 7)) ? Vec3{1.5f, 0.6f, 0.05f}
                                                                      : Vec3{};
    }
    default:
      return {};
  }
}

float sunlit_at(const GroundDetail& detail, float d, float u) {
  float light = 1;
  for (const GroundShade& shade : detail.shades) {
    if (shade.half_u < 1.2f) continue;  // another vehicle's: it lies on the ground
    const float over_d = std::max(0.0f, std::abs(d - shade.d) - shade.half_d);
    const float over_u = std::max(0.0f, std::abs(u - shade.u) - shade.half_u);
    const float k = 1 - smoothstep(0, 2.0f, std::hypot(over_d, over_u));
    light *= 1 - k * shade.strength * (shade.leaves ? 0.6f : 1.1f);
  }
  return std::max(light, 0.1f);
}

/// What the street lamps give, linear.
Vec3 lamp_light_at(const GroundDetail& detail, Vec3 at) {
  Vec3 light;
  for (const GroundLamp& lamp : detail.lamps) {
    if (lamp.beam_x != 0 || lamp.beam_z != 0) continue;
    const float dx = at.x - lamp.x;
    const float dz = at.z - lamp.z;
    light += lamp.colour * std::exp(-(dx * dx + dz * dz) / (1.6f * lamp.reach_m * lamp.reach_m));
  }
  return light;
}

}  // namespace

void VehiclePainter::lay_out(const Vehicle& v, const Alignment& alignment,
                             const Atmosphere& atmosphere, double t_s, std::uint8_t mark,
                             GroundDetail& detail, std::vector<Glow>& glows) const {
  const auto nearest = static_cast<float>(v.nearest_m(alignment.camera_s()));
  const float length = v.model->length;
  if (nearest > kDrawn_m || nearest < -length - 15) return;
  const float half_u = 0.5f * v.model->width;
  const float middle = nearest + 0.5f * length;
  const bool narrow = v.model->width < 1.0f;
  if (v.turned < 0.4f) {
    // Under it hardly any skylight arrives; and the sun's shadow falls to the side.
    detail.shades.push_back({middle, v.u, 0.5f * length - 0.25f, half_u * (narrow ? 0.5f : 0.82f),
                             narrow ? 0.35f : 0.5f, narrow ? 0.4f : 0.62f});
    const Vec3 sun = atmosphere.sun_direction;
    const float throw_m = std::min(3.0f, 0.75f * v.model->height / std::max(sun.y, 0.2f));
    detail.shades.push_back(
        {middle - sun.z * throw_m * 0.5f, v.u + alignment.kerb_sign() * sun.x * throw_m * 0.5f,
         0.5f * length - 0.1f + 0.25f * throw_m * std::abs(sun.z),
         half_u * 0.85f + 0.5f * throw_m * std::abs(sun.x) * (narrow ? 0.6f : 1), 0.25f,
         atmosphere.shadow_strength});
  }
  if (v.parked()) return;
  const Stand stand = stand_of(v, alignment);
  const bool bicycle = v.plan.vehicle == VehicleClass::kBicycle;
  if (atmosphere.lamps_on) {
    for (const Vec3& lamp : v.model->headlights) {
      const Vec3 at = stand(lamp);
      const Vec3 beam = -stand.along;
      const float power = bicycle ? 0.12f : v.model->headlights.size() == 1 ? 1.3f : 0.85f;
      detail.lamps.push_back(
          {at.x, at.z, beam.x, beam.z, bicycle ? 6.0f : 12.0f,
           Vec3{1.0f, 0.95f, 0.84f} * (power * (atmosphere.dark ? 1.0f : 0.35f))});
      // Brightest to who stands in the beam.
      const Vec3 to_eye = normalized(Vec3{0, 0.9f, 0} - at);
      const float facing = dot(to_eye, beam);
      if (facing > 0.1f)
        glows.push_back({at, Vec3{255, 246, 226} * (facing * facing * (bicycle ? 0.6f : 1.25f)),
                         bicycle ? 0.18f : 0.34f, mark});
    }
    for (const Vec3& lamp : v.model->taillights) {
      const Vec3 at = stand(lamp);
      const float facing = dot(normalized(Vec3{0, 0.9f, 0} - at), stand.along);
      if (facing > 0.1f)
        glows.push_back(
            {at, Vec3{235, 26, 18} * (facing * (v.braking_s > 0 ? 1.1f : 0.55f)), 0.2f, mark});
    }
  }
  for (const Part part : {Part::kIndicatorLeft, Part::kIndicatorRight}) {
    if (glow_of(part, v, atmosphere, alignment.kerb_sign(), t_s).x <= 0) continue;
    Vec3 lamp = v.model->headlights.front();
    // The driver's left is the positive side of who looks at the front.
    lamp.x = std::abs(lamp.x) * (part == Part::kIndicatorLeft ? 1.2f : -1.2f);
    glows.push_back({stand(lamp), {230, 120, 20}, 0.2f, mark});
  }
}

cv::Rect2f VehiclePainter::draw(Raster& raster, const View& view, const Alignment& alignment,
                                const Atmosphere& atmosphere, const GroundDetail& detail,
                                const Vehicle& v, double t_s, std::uint8_t mark) {
  const auto nearest = static_cast<float>(v.nearest_m(alignment.camera_s()));
  if (nearest > kDrawn_m || nearest < -v.model->length - 15) return {};
  const Stand stand = stand_of(v, alignment);
  const Mesh& mesh = v.model->mesh;
  const float sunlit = sunlit_at(detail, nearest + 0.3f * v.model->length, v.u);
  const Vec3 lamps = lamp_light_at(detail, stand({0, 0, 0.5f * v.model->length}));
  std::array<Vec3, kPartCount> glow;
  for (std::size_t i = 0; i < kPartCount; ++i)
    glow[i] = glow_of(static_cast<Part>(i), v, atmosphere, alignment.kerb_sign(), t_s);
  level_.resize(mesh.vertices.size());
  corners_.resize(mesh.vertices.size());
  const auto width = static_cast<float>(view.size.width);
  const auto height = static_cast<float>(view.size.height);
  float left = width;
  float top = height;
  float right = 0;
  float bottom = 0;
  for (std::size_t i = 0; i < mesh.vertices.size(); ++i) {
    const MeshVertex& vertex = mesh.vertices[i];
    level_[i] = stand(vertex.at);
    Corner& corner = corners_[i];
    corner.camera = view.to_camera(level_[i]);
    if (corner.camera.z > 0.12f) {
      const cv::Point2f p = view.project(corner.camera);
      left = std::min(left, p.x);
      right = std::max(right, p.x);
      top = std::min(top, p.y);
      bottom = std::max(bottom, p.y);
    }
  }
  const cv::Rect2f whole =
      cv::Rect2f(left, top, right - left, bottom - top) & cv::Rect2f(0, 0, width, height);
  if (right <= left || whole.area() <= 0) return {};
  for (std::size_t i = 0; i < mesh.vertices.size(); ++i) {
    const MeshVertex& vertex = mesh.vertices[i];
    const auto part = static_cast<std::size_t>(vertex.part);
    const Vec3 to_eye = view.position - level_[i];
    const float range = length(to_eye);
    const Vec3 light = atmosphere.shaded(v.surfaces[part], stand.direction(vertex.normal),
                                         to_eye * (1.0f / range), sunlit, lamps) +
                       glow[part];
    corners_[i].colour = atmosphere.displayed(atmosphere.hazed(light, range));
  }
  for (const auto& [a, b, c] : mesh.triangles) {
    const Vec3 outward = cross(level_[b] - level_[a], level_[c] - level_[a]);
    if (dot(outward, view.position - level_[a]) <= 0) continue;
    raster.triangle(corners_[a], corners_[b], corners_[c], mark);
  }
  return whole;
}

}  // namespace rearview::camera

#include "camera/scene/mesh.h"

namespace rearview::camera {

std::uint32_t Mesh::vertex(Vec3 at, Vec3 normal, Part part) {
  vertices.push_back({at, normalized(normal), part});
  return static_cast<std::uint32_t>(vertices.size() - 1);
}

void Mesh::triangle(std::uint32_t a, std::uint32_t b, std::uint32_t c) {
  const MeshVertex& p = vertices[a];
  const MeshVertex& q = vertices[b];
  const MeshVertex& r = vertices[c];
  const Vec3 outward = cross(q.at - p.at, r.at - p.at);
  if (length(outward) < 1e-9f) return;
  if (dot(outward, p.normal + q.normal + r.normal) < 0)
    triangles.push_back({a, c, b});
  else
    triangles.push_back({a, b, c});
}

void Mesh::face(Vec3 a, Vec3 b, Vec3 c, Vec3 d, Vec3 normal, Part part) {
  quad(vertex(a, normal, part), vertex(b, normal, part), vertex(c, normal, part),
       vertex(d, normal, part));
}

void Mesh::box(Vec3 lo, Vec3 hi, Part part) {
  face({lo.x, lo.y, lo.z}, {hi.x, lo.y, lo.z}, {hi.x, hi.y, lo.z}, {lo.x, hi.y, lo.z}, {0, 0, -1},
       part);
  face({lo.x, lo.y, hi.z}, {hi.x, lo.y, hi.z}, {hi.x, hi.y, hi.z}, {lo.x, hi.y, hi.z}, {0, 0, 1},
       part);
  face({lo.x, lo.y, lo.z}, {lo.x, hi.y, lo.z}, {lo.x, hi.y, hi.z}, {lo.x, lo.y, hi.z}, {-1, 0, 0},
       part);
  face({hi.x, lo.y, lo.z}, {hi.x, hi.y, lo.z}, {hi.x, hi.y, hi.z}, {hi.x, lo.y, hi.z}, {1, 0, 0},
       part);
  face({lo.x, hi.y, lo.z}, {hi.x, hi.y, lo.z}, {hi.x, hi.y, hi.z}, {lo.x, hi.y, hi.z}, {0, 1, 0},
       part);
  face({lo.x, lo.y, lo.z}, {hi.x, lo.y, lo.z}, {hi.x, lo.y, hi.z}, {lo.x, lo.y, hi.z}, {0, -1, 0},
       part);
}

void Mesh::ellipsoid(Vec3 centre, Vec3 radius, Part part, int slices) {
  const int rings = slices / 2;
  std::vector<std::uint32_t> grid;
  for (int i = 0; i <= rings; ++i) {
    const float polar = kPi * static_cast<float>(i) / static_cast<float>(rings);
    for (int j = 0; j <= slices; ++j) {
      const float around = 2 * kPi * static_cast<float>(j) / static_cast<float>(slices);
      const Vec3 unit{std::sin(polar) * std::cos(around), std::cos(polar),
                      std::sin(polar) * std::sin(around)};
      grid.push_back(vertex(centre + unit * radius,
                            {unit.x / radius.x, unit.y / radius.y, unit.z / radius.z}, part));
    }
  }
  const auto at = [&](int i, int j) {
    return grid[static_cast<std::size_t>(i * (slices + 1) + j)];
  };
  for (int i = 0; i < rings; ++i) {
    for (int j = 0; j < slices; ++j) quad(at(i, j), at(i, j + 1), at(i + 1, j + 1), at(i + 1, j));
  }
}

void Mesh::bar(Vec3 a, Vec3 b, float radius_a, float radius_b, Part part, int sides) {
  const Vec3 axis = normalized(b - a);
  const Vec3 one = normalized(cross(axis, std::abs(axis.y) < 0.9f ? Vec3{0, 1, 0} : Vec3{1, 0, 0}));
  const Vec3 other = cross(axis, one);
  std::vector<std::uint32_t> ring_a;
  std::vector<std::uint32_t> ring_b;
  for (int i = 0; i <= sides; ++i) {
    const float angle = 2 * kPi * static_cast<float>(i) / static_cast<float>(sides);
    const Vec3 out = one * std::cos(angle) + other * std::sin(angle);
    ring_a.push_back(vertex(a + out * radius_a, out, part));
    ring_b.push_back(vertex(b + out * radius_b, out, part));
  }
  const std::uint32_t end_a = vertex(a - axis * radius_a, -axis, part);
  const std::uint32_t end_b = vertex(b + axis * radius_b, axis, part);
  for (std::size_t i = 0; i + 1 < ring_a.size(); ++i) {
    quad(ring_a[i], ring_a[i + 1], ring_b[i + 1], ring_b[i]);
    triangle(ring_a[i], ring_a[i + 1], end_a);
    triangle(ring_b[i], ring_b[i + 1], end_b);
  }
}

void Mesh::wheel(float x0, float x1, Vec3 centre, float radius, bool spokes) {
  constexpr int kSides = 18;
  const float side = x1 > x0 ? 1.0f : -1.0f;
  const Vec3 outward{side, 0, 0};
  const auto ring = [&](int i, float r, float x) {
    const float angle = 2 * kPi * static_cast<float>(i) / kSides;
    return Vec3{x, centre.y + r * std::sin(angle), centre.z + r * std::cos(angle)};
  };
  const float rim = radius * 0.66f;
  const Vec3 hub{x1 - side * 0.015f, centre.y, centre.z};
  for (int i = 0; i < kSides; ++i) {
    const Vec3 tread_a = normalized(ring(i, 1, 0) - Vec3{0, centre.y, centre.z});
    const Vec3 tread_b = normalized(ring(i + 1, 1, 0) - Vec3{0, centre.y, centre.z});
    quad(vertex(ring(i, radius, x0), tread_a, Part::kTyre),
         vertex(ring(i + 1, radius, x0), tread_b, Part::kTyre),
         vertex(ring(i + 1, radius, x1), tread_b, Part::kTyre),
         vertex(ring(i, radius, x1), tread_a, Part::kTyre));
    face(ring(i, radius, x1), ring(i + 1, radius, x1), ring(i + 1, rim, x1), ring(i, rim, x1),
         outward, Part::kTyre);
    const Part part = spokes && i % 3 == 0 ? Part::kUnder : Part::kRim;
    triangle(vertex(ring(i, rim, x1), outward, part), vertex(ring(i + 1, rim, x1), outward, part),
             vertex(hub, outward, part));
  }
}

void Mesh::both_sides(const std::function<void(Mesh&)>& build) {
  Mesh half;
  build(half);
  for (const float side : {1.0f, -1.0f}) {
    const auto base = static_cast<std::uint32_t>(vertices.size());
    for (MeshVertex v : half.vertices) {
      v.at.x *= side;
      v.normal.x *= side;
      if (side < 0 && v.part == Part::kIndicatorLeft)
        v.part = Part::kIndicatorRight;
      else if (side < 0 && v.part == Part::kIndicatorRight)
        v.part = Part::kIndicatorLeft;
      vertices.push_back(v);
    }
    for (const auto& t : half.triangles) triangle(base + t[0], base + t[1], base + t[2]);
  }
}

}  // namespace rearview::camera

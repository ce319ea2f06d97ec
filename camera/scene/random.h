#pragma once

#include <cstdint>

namespace rearview::camera {

/// Mixes a number well enough that neighbours look unrelated: the finaliser of SplitMix64 (Steele,
/// Lea, Flood 2014). What stands at a place of the road is a function of the place, so nothing need
/// be remembered of a road without end.
constexpr std::uint64_t mix(std::uint64_t v) {
  v += 0x9e3779b97f4a7c15ULL;
  v = (v ^ (v >> 30)) * 0xbf58476d1ce4e5b9ULL;
  v = (v ^ (v >> 27)) * 0x94d049bb133111ebULL;
  return v ^ (v >> 31);
}

/// A small random generator whose numbers are the same with every compiler and library, which those
/// of the standard distributions are not.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(mix(seed)) {}
  /// The generator of item index of stream seed.
  Random(std::uint64_t seed, std::uint64_t index) : state_(mix(mix(seed) ^ mix(~index))) {}

  std::uint64_t bits() { return mix(state_++); }
  /// In [0, 1).
  float unit() { return static_cast<float>(bits() >> 40) * (1.0f / 16777216.0f); }
  float between(float least, float most) { return least + (most - least) * unit(); }
  /// In [0, count).
  int below(int count) {
    return static_cast<int>(bits() % static_cast<std::uint64_t>(count < 1 ? 1 : count));
  }
  bool chance(float p) { return unit() < p; }

 private:
  std::uint64_t state_;
};

}  // namespace rearview::camera

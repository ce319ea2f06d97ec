#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace rearview::test {

/// A message in a fleet's stream: the first line is its subject, the rest what it says. What is
/// understood says who it is of. Throws std::logic_error when that promise is broken.
void fuzz_fleet(std::span<const std::uint8_t> input);

/// What fuzzing begins with.
std::vector<std::string> fleet_samples();

}  // namespace rearview::test

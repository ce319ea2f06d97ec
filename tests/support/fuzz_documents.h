#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace rearview::test {

// As in fuzz_entries.h: what is fed with hostile bytes. Each throws std::logic_error when a promise
// is broken.

/// A ground truth file: read, or refused with a UsageError.
void fuzz_truth(std::span<const std::uint8_t> input);
/// A store's rows, as text in the place of each column, a line each: what can't be an alert is
/// passed over, and the rest can be told.
void fuzz_stored(std::span<const std::uint8_t> input);

// What fuzzing begins with, for each of these.
std::vector<std::string> truth_samples();
std::vector<std::string> stored_samples();

}  // namespace rearview::test

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace rearview::test {

// As in fuzz_entries.h: what is fed with hostile bytes. Each throws std::logic_error when a promise
// is broken.

/// The whole configuration of `rearview serve`: read, or refused with a UsageError.
void fuzz_settings(std::span<const std::uint8_t> input);
/// The manifest of the models: read, or refused with a UsageError; its files lead nowhere else.
void fuzz_manifest(std::span<const std::uint8_t> input);

// What fuzzing begins with, for each of these.
std::vector<std::string> settings_samples();
std::vector<std::string> manifest_samples();

}  // namespace rearview::test

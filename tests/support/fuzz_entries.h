#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace rearview::test {

// What is fed with hostile bytes, by libFuzzer (tests/fuzz) and by mutations in the plain tests.
// Each throws std::logic_error when a promise is broken; crashes are for the sanitizers to see.

/// Splitter, assembler, summary and parameter sets: the same result in any chunks, within limits.
void fuzz_h264(std::span<const std::uint8_t> input);

/// From a socket's bytes, with pauses, to pictures: everything is accounted for.
void fuzz_receive(std::span<const std::uint8_t> input);

/// The clock of pictures whose arrivals the bytes choose: what it promises of any holds.
void fuzz_picture_clock(std::span<const std::uint8_t> input);

/// A configuration file: read, or refused with a UsageError.
void fuzz_config(std::span<const std::uint8_t> input);

// What to begin with: streams of small pictures, which decode in no time; arrivals;
// a configuration.
std::vector<std::string> h264_samples();
std::vector<std::string> receive_samples();
std::vector<std::string> picture_clock_samples();
std::vector<std::string> config_samples();

}  // namespace rearview::test

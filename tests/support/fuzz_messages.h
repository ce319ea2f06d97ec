#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace rearview::test {

// As in fuzz_peers.h: messages that come from elsewhere, fed with hostile bytes. Each throws
// std::logic_error when a promise is broken.

/// Datagrams for the stage `external`, a line each: boxes in the picture, or a blind road.
void fuzz_external(std::span<const std::uint8_t> input);
/// A job of an archive's queue: it names a result, and comes back as it was told.
void fuzz_archive_job(std::span<const std::uint8_t> input);
/// Requests that have a body, with all that the service keeps behind them. The first line is method
/// and target, the rest the body: each is answered, and no answer is 500.
void fuzz_api(std::span<const std::uint8_t> input);
/// A ZIP file of feedback: unpacked within its folder, or refused with a UsageError.
void fuzz_zip(std::span<const std::uint8_t> input);

// What fuzzing begins with, for each of these.
std::vector<std::string> external_samples();
std::vector<std::string> archive_job_samples();
std::vector<std::string> api_samples();
std::vector<std::string> zip_samples();

}  // namespace rearview::test

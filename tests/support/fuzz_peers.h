#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace rearview::test {

// What peers of the service may send, fed with hostile bytes: by libFuzzer (tests/fuzz), and by
// mutations in the plain tests. Each throws std::logic_error when a promise is broken.

/// Lines of gpsd: no fix that isn't on Earth, no speed that no bicycle has.
void fuzz_gpsd(std::span<const std::uint8_t> input);

/// What a client of the JSON lines' socket sends: one answer at most, and none to what is right.
void fuzz_ndjson(std::span<const std::uint8_t> input);

/// What the MQTT process says: the same frames however the bytes are cut, and those whole.
void fuzz_mqtt(std::span<const std::uint8_t> input);

// What fuzzing begins with, for each of these.
std::vector<std::string> gpsd_samples();
std::vector<std::string> ndjson_samples();
std::vector<std::string> mqtt_samples();

}  // namespace rearview::test

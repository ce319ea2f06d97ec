#include <gtest/gtest.h>

#include "tests/support/fuzz_peers.h"
#include "tests/support/mutation.h"

namespace rearview::test {
namespace {

TEST(HostileBytes, OfGpsd) {
  drive(fuzz_gpsd, gpsd_samples(), 5000);
}

TEST(HostileBytes, OfAClientOfTheSocket) {
  drive(fuzz_ndjson, ndjson_samples(), 5000);
}

TEST(HostileBytes, OfTheMqttProcess) {
  drive(fuzz_mqtt, mqtt_samples(), 5000);
}

}  // namespace
}  // namespace rearview::test

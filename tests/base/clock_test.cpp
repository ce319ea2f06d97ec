#include "base/clock.h"

#include <gtest/gtest.h>

namespace rearview {
namespace {

WallTime at_ms(std::int64_t ms) {
  return WallTime(std::chrono::milliseconds(ms));
}

TEST(Rfc3339, KeepsMillisecondsAndLeadingZeros) {
  EXPECT_EQ(rfc3339(at_ms(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(rfc3339(at_ms(1'795'338'000'023)), "2026-11-22T09:00:00.023Z");
}

TEST(Rfc3339, RoundsDownBeforeTheEpochToo) {
  EXPECT_EQ(rfc3339(at_ms(-1)), "1969-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace rearview

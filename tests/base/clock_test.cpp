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

TEST(Rfc3339, IsReadBack) {
  for (const std::int64_t ms : {std::int64_t{0}, std::int64_t{1'795'338'000'023}})
    EXPECT_EQ(parse_rfc3339(rfc3339(at_ms(ms))), at_ms(ms));
}

// Nanoseconds since 1970 in 64 bits end in 2262; other years would come out as any time.
TEST(Rfc3339, RefusesYearsThatTheClockCannotTell) {
  EXPECT_EQ(rfc3339(parse_rfc3339("1678-01-01T00:00:00.000Z").value()), "1678-01-01T00:00:00.000Z");
  EXPECT_EQ(rfc3339(parse_rfc3339("2261-12-31T23:59:59.999Z").value()), "2261-12-31T23:59:59.999Z");
  for (const char* far : {"0000-01-01T00:00:00.000Z", "1677-01-01T00:00:00.000Z",
                          "2263-01-01T00:00:00.000Z", "6406-01-01T00:00:00.000Z"})
    EXPECT_EQ(parse_rfc3339(far), std::nullopt) << far;
}

TEST(WallTimeOf, RefusesWhatTheClockCannotTell) {
  EXPECT_EQ(wall_time(std::chrono::microseconds(1'795'338'000'023'000)), at_ms(1'795'338'000'023));
  EXPECT_EQ(wall_time(std::chrono::microseconds::max()), std::nullopt);
  EXPECT_EQ(wall_time(std::chrono::microseconds::min()), std::nullopt);
}

TEST(Rfc3339, RefusesWhatIsNoTime) {
  for (const char* bad :
       {"", "2026-11-22", "2026-13-22T09:00:00.023Z", "2026-02-30T09:00:00.023Z",
        "2026-11-22T24:00:00.023Z", "2026-11-22T09:00:00.023+", "2026-11-22 09:00:00.023Z"})
    EXPECT_EQ(parse_rfc3339(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace rearview

#include "base/latest_slot.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace rearview {
namespace {

TEST(LatestSlot, NewestWinsAndTheLossIsCounted) {
  LatestSlot<int> slot;
  EXPECT_TRUE(slot.put(1));
  EXPECT_FALSE(slot.put(2));
  EXPECT_FALSE(slot.put(3));
  EXPECT_EQ(slot.take({}), 3);
  EXPECT_EQ(slot.dropped(), 2u);
}

TEST(LatestSlot, AValueIsTakenOnce) {
  LatestSlot<int> slot;
  slot.put(1);
  EXPECT_EQ(slot.take({}), 1);
  EXPECT_EQ(slot.take_until({}, SteadyClock::now()), std::nullopt);
  EXPECT_EQ(slot.dropped(), 0u);
}

TEST(LatestSlot, HoldsValuesThatOnlyMove) {
  LatestSlot<std::unique_ptr<int>> slot;
  slot.put(std::make_unique<int>(7));
  EXPECT_EQ(**slot.take({}), 7);
}

TEST(LatestSlot, StopWakesAWaitingTaker) {
  LatestSlot<int> slot;
  std::optional<int> taken = 5;
  std::jthread taker([&](std::stop_token stop) { taken = slot.take(stop); });
  taker.request_stop();
  taker.join();
  EXPECT_EQ(taken, std::nullopt);
}

TEST(LatestSlot, EveryPutIsTakenOrCounted) {
  constexpr int kPuts = 20000;
  LatestSlot<int> slot;
  std::uint64_t taken = 0;
  int last = 0;
  bool in_order = true;
  std::jthread taker([&](std::stop_token stop) {
    while (const auto value = slot.take(stop)) {
      ++taken;
      in_order = in_order && *value > last;
      last = *value;
      if (*value == kPuts) return;
    }
  });
  for (int i = 1; i <= kPuts; ++i) slot.put(i);
  taker.join();
  EXPECT_TRUE(in_order);
  EXPECT_EQ(last, kPuts);
  EXPECT_EQ(taken + slot.dropped(), static_cast<std::uint64_t>(kPuts));
}

}  // namespace
}  // namespace rearview

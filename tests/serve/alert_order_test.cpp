#include "serve/alert_order.h"

#include <gmock/gmock.h>

namespace rearview {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

EventText text(std::uint64_t id) {
  const auto bytes = std::make_shared<const std::string>("alert " + std::to_string(id));
  return {bytes, bytes};
}

std::vector<std::uint64_t> ids(const std::vector<AlertOrder::Numbered>& alerts) {
  std::vector<std::uint64_t> found;
  for (const auto& [id, bytes] : alerts) found.push_back(id);
  return found;
}

TEST(AlertOrder, PassesOnWhatComesInOrder) {
  AlertOrder order(4);
  EXPECT_THAT(ids(order.published(5, text(5)).ready), ElementsAre(5));
  EXPECT_THAT(ids(order.published(6, text(6)).ready), ElementsAre(6));
  EXPECT_EQ(order.tail(), 6U);
}

TEST(AlertOrder, HoldsBackUntilTheMissingOneComes) {
  AlertOrder order(0);
  const auto gap = order.published(3, text(3));
  EXPECT_THAT(gap.ready, IsEmpty());
  EXPECT_TRUE(gap.ask_history);
  const auto still = order.published(2, text(2));
  EXPECT_THAT(still.ready, IsEmpty());
  EXPECT_FALSE(still.ask_history) << "asked already";
  EXPECT_THAT(ids(order.published(1, text(1)).ready), ElementsAre(1, 2, 3));
}

TEST(AlertOrder, FillsGapsFromTheHistory) {
  AlertOrder order(0);
  order.published(5, text(5));
  const auto filled = order.filled({{2, text(2)}, {4, text(4)}, {5, text(5)}}, true);
  EXPECT_THAT(ids(filled.ready), ElementsAre(2, 4, 5));
  EXPECT_THAT(order.published(2, text(2)).ready, IsEmpty()) << "sent already";
  EXPECT_THAT(order.published(2, text(2)).late, IsEmpty());
}

TEST(AlertOrder, AskingTheHistoryInVainDoesNotHoldAlertsBack) {
  AlertOrder order(0);
  order.published(2, text(2));
  EXPECT_THAT(ids(order.filled({}, true).ready), ElementsAre(2));
  EXPECT_TRUE(order.published(9, text(9)).ask_history) << "a new gap is asked for again";
}

TEST(AlertOrder, AsksOnWhenTheHistoryWasCutShort) {
  AlertOrder order(0);
  order.published(9, text(9));
  const auto half = order.filled({{2, text(2)}, {4, text(4)}}, false);
  EXPECT_THAT(ids(half.ready), ElementsAre(2, 4));
  EXPECT_TRUE(half.ask_history);
  EXPECT_THAT(ids(order.filled({{6, text(6)}}, true).ready), ElementsAre(6, 9));
}

TEST(AlertOrder, SaysHowFarBackItRemembers) {
  AlertOrder order(10);
  EXPECT_TRUE(order.remembers_all_after(10));
  for (std::uint64_t id = 11; id <= 600; ++id) order.published(id, text(id));
  const std::uint64_t first = order.recent().front().first;
  EXPECT_TRUE(order.remembers_all_after(first - 1));
  EXPECT_FALSE(order.remembers_all_after(first - 2));
}

TEST(AlertOrder, NeverLosesOneThatComesTooLate) {
  AlertOrder order(0);
  order.published(2, text(2));
  order.filled({}, true);
  const auto late = order.published(1, text(1));
  EXPECT_THAT(late.ready, IsEmpty());
  EXPECT_THAT(ids(late.late), ElementsAre(1));
}

}  // namespace
}  // namespace rearview

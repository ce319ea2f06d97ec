#include "publish/alert_feed.h"

#include <gtest/gtest.h>

#include "tests/serve/memory_history.h"

namespace rearview {
namespace {

std::vector<std::uint64_t> all(AlertFeed& feed) {
  std::vector<std::uint64_t> ids;
  while (const Alert* alert = feed.next()) {
    ids.push_back(alert->id);
    feed.done();
  }
  return ids;
}

std::vector<std::uint64_t> from_to(std::uint64_t first, std::uint64_t last) {
  std::vector<std::uint64_t> ids;
  for (std::uint64_t id = first; id <= last; ++id) ids.push_back(id);
  return ids;
}

TEST(AlertFeed, GivesEachAlertOnceAndInOrder) {
  test::MemoryHistory history;
  for (int i = 0; i < 200; ++i) history.store({});
  AlertFeed feed(history, 3);
  EXPECT_EQ(all(feed), from_to(4, 200));
  EXPECT_EQ(feed.next(), nullptr);
  history.store({});
  EXPECT_EQ(all(feed), from_to(201, 201));
}

TEST(AlertFeed, AnAlertComesAgainUntilItIsDone) {
  test::MemoryHistory history;
  history.store({});
  AlertFeed feed(history, 0);
  ASSERT_NE(feed.next(), nullptr);
  ASSERT_NE(feed.next(), nullptr);
  EXPECT_EQ(feed.next()->id, 1u);
  EXPECT_EQ(feed.position(), 0u);
  EXPECT_EQ(feed.waiting(), 1u);
}

TEST(AlertFeed, IdsThatBelongToNoAlertDontCountAsWaiting) {
  test::MemoryHistory history;
  AlertFeed feed(history, 0);
  for (int i = 0; i < 1000; ++i) history.skip_id();
  EXPECT_EQ(feed.next(), nullptr);
  EXPECT_EQ(feed.waiting(), 0u);
  EXPECT_EQ(history.store({}).id, 1001u);
  EXPECT_EQ(all(feed), from_to(1001, 1001));
}

TEST(AlertFeed, AnIdFromTheFutureMeansNewAlertsOnly) {
  test::MemoryHistory history;
  history.store({});
  AlertFeed feed(history, 5000);
  EXPECT_EQ(feed.position(), 1u);
  history.store({});
  EXPECT_EQ(all(feed), from_to(2, 2));
}

}  // namespace
}  // namespace rearview

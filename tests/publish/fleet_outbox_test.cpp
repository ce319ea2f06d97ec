#include "publish/fleet_outbox.h"

#include <gtest/gtest.h>

#include "base/temporary_folder.h"

namespace rearview {
namespace {

class FleetOutboxTest : public ::testing::Test {
 protected:
  FleetOutbox outbox(std::uint64_t begin = 0, double pause_s = 0) {
    return {folder_.path(),
            "nats",
            {.begin = begin, .newest = last_},
            pause_s,
            [this](std::uint64_t after) {
              ++reads_;
              FleetOutbox::Page page{{}, up_to_};
              for (std::uint64_t id = after + 1; id <= last_ && page.entries.size() < 2; ++id)
                page.entries.push_back({.id = id, .time = {}, .message = {}});
              return page;
            }};
  }
  static std::vector<std::uint64_t> send_all(FleetOutbox& outbox) {
    std::vector<std::uint64_t> ids;
    while (const auto* entry = outbox.next()) {
      ids.push_back(entry->id);
      outbox.sent();
    }
    return ids;
  }

  TemporaryFolder folder_;
  std::uint64_t last_ = 5;
  std::uint64_t up_to_ = 0;
  int reads_ = 0;
};

using Ids = std::vector<std::uint64_t>;

TEST_F(FleetOutboxTest, SendsAgainFromTheFirstThatWasNotAcknowledged) {
  FleetOutbox box = outbox();
  EXPECT_EQ(send_all(box), (Ids{1, 2, 3, 4, 5}));
  EXPECT_EQ(box.position(), 0u);
  box.done(1);
  box.done(2);
  box.again();
  EXPECT_EQ(send_all(box), (Ids{3, 4, 5}));
}

TEST_F(FleetOutboxTest, RemembersWhatWasAcknowledgedAndNothingElse) {
  {
    FleetOutbox box = outbox();
    send_all(box);
    box.done(1);
    box.done(2);
    box.remember("epoch");
    box.done(3);
  }
  FleetOutbox again = outbox(5);
  EXPECT_EQ(again.position(), 2u);
  EXPECT_EQ(send_all(again), (Ids{3, 4, 5}));
}

TEST_F(FleetOutboxTest, APositionOfAnotherHistoryIsItsNewest) {
  outbox(5).remember("epoch");
  last_ = 3;
  EXPECT_EQ(outbox().position(), 3u);
}

TEST_F(FleetOutboxTest, ANewReceiverBeginsWhereItIsToldEvenIfNothingComes) {
  outbox(3).remember("epoch");
  EXPECT_EQ(outbox(0).position(), 3u);
}

TEST_F(FleetOutboxTest, IdsThatDoNotExistArePassedOverOnceNothingIsUnderWay) {
  up_to_ = 9;
  FleetOutbox box = outbox();
  send_all(box);
  EXPECT_EQ(box.position(), 0u);
  box.done(5);
  EXPECT_EQ(box.next(), nullptr);
  EXPECT_EQ(box.position(), 9u);
}

TEST_F(FleetOutboxTest, ReadsNoMoreOftenThanItsPauseWhileThereIsNothing) {
  last_ = 0;
  FleetOutbox box = outbox(0, 3600);
  EXPECT_EQ(box.next(), nullptr);
  EXPECT_EQ(box.next(), nullptr);
  EXPECT_EQ(reads_, 1);
  box.again();
  EXPECT_EQ(box.next(), nullptr);
  EXPECT_EQ(reads_, 2);
}

}  // namespace
}  // namespace rearview

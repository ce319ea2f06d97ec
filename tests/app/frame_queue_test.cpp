#include "app/frame_queue.h"

#include <gmock/gmock.h>

#include <thread>
#include <vector>

#include "tests/support/frames.h"

namespace rearview {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using testing_support::flat_planes;
using testing_support::frame_of;

class FrameQueueTest : public ::testing::Test {
 protected:
  /// One that came so long behind the first, of 30 a second.
  void put(std::uint64_t seq, std::chrono::milliseconds after, std::uint32_t epoch = 1) {
    auto frame = frame_of(flat_planes({32, 32}, 90), seq);
    frame->received = kFirst + after;
    frame->epoch = epoch;
    queue_.put(std::move(frame));
  }
  void put_burst(std::uint64_t first, std::uint64_t last, std::chrono::milliseconds after) {
    for (std::uint64_t seq = first; seq <= last; ++seq) put(seq, after);
  }
  /// What is taken by an analysis that takes so long, begun at this time behind the first.
  std::vector<std::uint64_t> taken(std::chrono::milliseconds now, std::chrono::milliseconds each,
                                   std::size_t count) {
    std::vector<std::uint64_t> numbers;
    for (; count > 0; --count, now += each)
      numbers.push_back((*queue_.take({}, kFirst + now, each))->seq);
    return numbers;
  }

  static constexpr SteadyTime kFirst{1h};
  FrameQueue queue_;
};

TEST_F(FrameQueueTest, OfFramesThatComeOneByOneTheNewestWins) {
  for (int i = 1; i <= 5; ++i) put(static_cast<std::uint64_t>(i), i * 33ms);
  EXPECT_THAT(taken(165ms, 1ms, 1), ElementsAre(5));
  EXPECT_EQ(queue_.dropped(), 4u);
}

TEST_F(FrameQueueTest, ABurstIsTakenWholeWhereThereIsTime) {
  put_burst(1, 7, 0ms);
  EXPECT_THAT(taken(0ms, 10ms, 7), ElementsAre(1, 2, 3, 4, 5, 6, 7));
  EXPECT_EQ(queue_.dropped(), 0u);
}

TEST_F(FrameQueueTest, WithLessTimeItIsTakenEvenly) {
  put_burst(1, 7, 0ms);
  EXPECT_THAT(taken(0ms, 40ms, 3), ElementsAre(2, 4, 7));
  EXPECT_EQ(queue_.dropped(), 4u);
}

TEST_F(FrameQueueTest, ASlowAnalysisTakesTheNewestOnly) {
  put_burst(1, 7, 0ms);
  EXPECT_THAT(taken(0ms, 101ms, 1), ElementsAre(7));
  put_burst(8, 14, 233ms);
  EXPECT_THAT(taken(400ms, 1ms, 1), ElementsAre(14)) << "too old already, but the newest";
}

TEST_F(FrameQueueTest, ANewBurstEndsTheWaitingOfTheLast) {
  put_burst(1, 7, 0ms);
  put_burst(8, 9, 233ms);
  EXPECT_THAT(taken(233ms, 1ms, 2), ElementsAre(8, 9));
  EXPECT_EQ(queue_.dropped(), 7u);
}

TEST_F(FrameQueueTest, AnotherConnectionEndsTheWaitingOfTheLast) {
  put_burst(1, 7, 0ms);
  put(8, 0ms, 2);
  EXPECT_THAT(taken(0ms, 1ms, 1), ElementsAre(8));
}

TEST_F(FrameQueueTest, HoldsNoMoreThanItMay) {
  put_burst(1, 1000, 0ms);
  EXPECT_GE(queue_.dropped(), 900u);
  EXPECT_GT(taken(0ms, 0ms, 1).front(), 900u);
}

TEST_F(FrameQueueTest, StopWakesAWaitingTaker) {
  std::optional<FramePtr> taken = nullptr;
  std::jthread taker([&](std::stop_token stop) { taken = queue_.take(stop, kFirst, 1ms); });
  taker.request_stop();
  taker.join();
  EXPECT_EQ(taken, std::nullopt);
}

}  // namespace
}  // namespace rearview

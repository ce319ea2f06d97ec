#include "camera/source/freeze_watch.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

#include "camera/source/supervised_source.h"
#include "tests/support/standing_clock.h"

namespace rearview::camera {
namespace {

/// A camera of 30 pictures a second.
class Camera {
 public:
  explicit Camera(double frozen_s = 1) : watch_(frozen_s) {}
  /// Shows count pictures that change or not; the number of the first one that counts as frozen, or
  /// not frozen any more, from 1 on; 0 where none does.
  int show(int count, bool changing) {
    const bool before = watch_.frozen();
    for (int i = 1; i <= count; ++i) {
      now_ += period_;
      watch_.picture(changing, now_);
      if (watch_.frozen() != before) return i;
    }
    return 0;
  }
  void set_fps(int fps) { period_ = std::chrono::milliseconds(1000 / fps); }
  FreezeWatch& watch() { return watch_; }

 private:
  FreezeWatch watch_;
  SteadyTime now_{};
  std::chrono::milliseconds period_{33};
};

TEST(FreezeWatch, NoticesASecondOfTheSamePicture) {
  Camera camera;
  EXPECT_EQ(camera.show(100, true), 0);
  EXPECT_EQ(camera.show(100, false), 31);
}

TEST(FreezeWatch, APictureNowAndThenIsNotFrozen) {
  Camera camera;
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(camera.show(25, false), 0);
    camera.show(1, true);
  }
  Camera slow;
  slow.set_fps(2);
  EXPECT_EQ(slow.show(9, false), 0);  // 4.5 s, but few pictures
}

TEST(FreezeWatch, NeverWhereItIsSwitchedOff) {
  Camera camera(0);
  EXPECT_EQ(camera.show(1000, false), 0);
}

TEST(FreezeWatch, OnlyMovingOnEndsIt) {
  Camera camera;
  ASSERT_GT(camera.show(100, false), 0);
  for (int i = 0; i < 5; ++i) {  // what an encoder makes of each IDR of a still picture
    EXPECT_EQ(camera.show(30, true), 0);
    EXPECT_EQ(camera.show(30, false), 0);
  }
  camera.watch().reopened();
  EXPECT_EQ(camera.show(10, false), 0);
  EXPECT_GT(camera.show(100, true), 45);
}

std::uint64_t changes_of(std::initializer_list<std::pair<bool, std::size_t>> pictures) {
  CodedChanges changes;
  for (const auto& [idr, bytes] : pictures) changes.picture(idr, bytes);
  return changes.count();
}

TEST(CodedChanges, AreSizesThatDiffer) {
  constexpr bool kIdr = true;
  EXPECT_EQ(changes_of({{kIdr, 9000}, {false, 400}}), 1U);  // the first of its kind
  EXPECT_EQ(changes_of({{kIdr, 9000}, {false, 400}, {false, 402}, {false, 400}}), 1U);
  EXPECT_EQ(changes_of({{kIdr, 9000}, {false, 400}, {false, 403}, {false, 399}}), 3U);
  // An IDR among others says nothing, IDRs alone do.
  EXPECT_EQ(changes_of({{false, 400}, {kIdr, 9000}, {false, 401}, {kIdr, 7000}}), 1U);
  EXPECT_EQ(changes_of({{kIdr, 9000}, {kIdr, 9100}, {kIdr, 9100}, {kIdr, 9200}}), 2U);
}

/// A source of 40 pictures a second that never change, or always.
class Fake : public CodedSource {
 public:
  Fake(const bool& moves, test::StandingClock& clock) : moves_(moves), clock_(clock) {}
  std::optional<CodedPicture> next(std::stop_token) override {
    if (moves_) ++changes_;
    clock_.advance(std::chrono::milliseconds(25));
    return CodedPicture{};
  }
  SourceInfo info() const override { return {}; }
  std::optional<std::uint64_t> changes() const noexcept override { return changes_; }

 private:
  const bool& moves_;
  test::StandingClock& clock_;
  std::uint64_t changes_ = 0;
};

TEST(SupervisedSource, OpensAFrozenCameraAgainEverMoreSeldomAndPassesItsPicturesOn) {
  bool moves = true;
  int opened = 0;
  SupervisedSource::Pauses pauses;
  pauses.shortest_frozen_s = 2;
  pauses.longest_frozen_s = 8;
  test::StandingClock clock;
  SupervisedSource source(
      "fake",
      [&](const std::stop_token&) {
        ++opened;
        return std::make_unique<Fake>(moves, clock);
      },
      pauses, 1, clock.now());
  const auto play = [&](int seconds) {
    for (int i = 0; i < 40 * seconds; ++i) EXPECT_TRUE(source.next({}));
  };
  play(10);
  EXPECT_EQ(opened, 1);
  EXPECT_FALSE(source.problem());
  moves = false;
  std::vector<int> opened_again;  // in which second
  for (int second = 0; second < 40; ++second) {
    const int before = opened;
    play(1);
    if (opened > before) opened_again.push_back(second);
  }
  EXPECT_EQ(source.problem(), "all its pictures are the same: frozen, or in full darkness");
  // After a second of the same picture, then after 2, 4 and 8 seconds more, and every 8.
  EXPECT_EQ(opened_again, (std::vector<int>{1, 3, 7, 15, 23, 31, 39}));
  moves = true;
  play(10);
  EXPECT_FALSE(source.problem());
}

}  // namespace
}  // namespace rearview::camera

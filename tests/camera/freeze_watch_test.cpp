#include "camera/source/freeze_watch.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <thread>
#include <utility>

#include "camera/source/supervised_source.h"

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

/// A source whose pictures never change, or always.
class Fake : public CodedSource {
 public:
  explicit Fake(const bool& moves) : moves_(moves) {}
  std::optional<CodedPicture> next(std::stop_token) override {
    if (moves_) ++changes_;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));  // a camera's own pace
    return CodedPicture{};
  }
  SourceInfo info() const override { return {}; }
  std::optional<std::uint64_t> changes() const noexcept override { return changes_; }

 private:
  const bool& moves_;
  std::uint64_t changes_ = 0;
};

TEST(SupervisedSource, OpensAFrozenCameraAgainEverMoreSeldomAndPassesItsPicturesOn) {
  bool moves = true;
  int opened = 0;
  SupervisedSource::Pauses pauses;
  pauses.shortest_frozen_s = 0.1;
  pauses.longest_frozen_s = 0.2;
  SupervisedSource source(
      "fake",
      [&](const std::stop_token&) {
        ++opened;
        return std::make_unique<Fake>(moves);
      },
      pauses, 0.05);
  const auto play = [&](double seconds) {
    int pictures = 0;
    for (const SteadyTime start = SteadyClock::now();
         seconds_between(start, SteadyClock::now()) < seconds; ++pictures)
      EXPECT_TRUE(source.next({}));
    return pictures;
  };
  play(0.3);
  EXPECT_EQ(opened, 1);
  EXPECT_FALSE(source.problem());
  moves = false;
  EXPECT_GT(play(1.3), 50);
  EXPECT_EQ(source.problem(), "all its pictures are the same: frozen, or in full darkness");
  EXPECT_GE(opened, 3);
  EXPECT_LE(opened, 10);  // at once, then after half a second of looking each
  moves = true;
  play(2.5);
  EXPECT_FALSE(source.problem());
}

}  // namespace
}  // namespace rearview::camera

#include "store/clip_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/temporary_folder.h"
#include "receive/recording_reader.h"
#include "tests/support/test_stream.h"

namespace rearview {
namespace {

using namespace std::chrono_literals;

class ClipFileTest : public testing::Test {
 protected:
  /// Numbered pictures, each so many milliseconds behind the last; they have come all at once.
  static Footage footage(const test::StreamOptions& options, int pictures,
                         const std::vector<int>& gaps_ms) {
    Footage made;
    std::chrono::milliseconds taken{10s};
    std::uint64_t seq = 50;
    for (auto& bytes : test::make_access_units(pictures, options)) {
      auto unit = std::make_shared<LiveAccessUnit>();
      unit->idr = unit->has_parameter_sets =
          made.units.size() % static_cast<std::size_t>(options.gop) == 0;
      unit->bytes = std::move(bytes);
      unit->seq = seq++;
      unit->received = SteadyTime{100s};
      unit->t_s = std::chrono::duration<double>(taken).count();
      taken += std::chrono::milliseconds(gaps_ms[made.units.size() % gaps_ms.size()]);
      made.units.push_back(std::move(unit));
    }
    return made;
  }
  void append(Footage& to, Footage more) const {
    for (auto& unit : more.units) {
      auto moved = std::make_shared<LiveAccessUnit>(*unit);
      moved->seq += to.units.size();
      moved->t_s += 60;
      moved->received += 60s;
      to.units.push_back(std::move(moved));
    }
  }

  const TemporaryFolder temporary_;
  const std::filesystem::path file_ = temporary_ / "clip.mp4";
};

TEST_F(ClipFileTest, PlaysEveryPictureAtItsTimeWithTheIndexInFront) {
  // Two pictures at once, as where nothing is known of a burst.
  const Footage clip = footage({}, 25, {40, 0, 75});
  const ClipFacts facts = write_clip(file_, clip);
  EXPECT_EQ(facts.width_px, 320);
  EXPECT_EQ(facts.height_px, 192);
  std::ifstream in(file_, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  EXPECT_LT(bytes.find("moov"), bytes.find("mdat"));
  EXPECT_NE(bytes.find("avc1"), std::string::npos);

  RecordingReader reader(file_.string(), 1, 1);
  for (int i = 0; i < 25; ++i) {
    const FramePtr frame = reader.next();
    ASSERT_TRUE(frame) << i;
    EXPECT_EQ(test::picture_number(frame->luma()), i);
    EXPECT_NEAR(frame->t_s, facts.times_s[static_cast<std::size_t>(i)], 1e-6);
    const double taken = clip.units[static_cast<std::size_t>(i)]->t_s - clip.units[0]->t_s;
    EXPECT_NEAR(frame->t_s, taken, 2e-5) << "a tick more where two have the same time";
  }
  EXPECT_FALSE(reader.next());
}

TEST_F(ClipFileTest, ShowsBPicturesInTheirOrder) {
  const test::StreamOptions options{.gop = 20, .b_frames = 2, .preset = "medium"};
  const Footage clip = footage(options, 40, {40, 35, 45});
  const ClipFacts facts = write_clip(file_, clip);
  RecordingReader reader(file_.string(), 1, 1);
  for (int i = 0; i < 40; ++i) {
    const FramePtr frame = reader.next();
    ASSERT_TRUE(frame) << i;
    EXPECT_EQ(test::picture_number(frame->luma()), i);
    EXPECT_NEAR(frame->t_s, facts.times_s[static_cast<std::size_t>(i)], 1e-6);
  }
}

TEST_F(ClipFileTest, HoldsOneFormatOnlyTheOneThatMatters) {
  test::StreamOptions wide;
  wide.width = 480;
  for (const bool late : {false, true}) {
    Footage clip = footage({}, 20, {40});
    append(clip, footage(wide, 20, {40}));
    keep_one_format(clip, late ? 100 : 11);
    ASSERT_EQ(clip.units.size(), 20u);
    EXPECT_EQ(write_clip(file_, clip).width_px, late ? 480 : 320);
  }
}

TEST_F(ClipFileTest, WithoutParameterSetsThereIsNoClip) {
  Footage clip = footage({}, 20, {40});
  clip.units.erase(clip.units.begin());
  EXPECT_THROW(write_clip(file_, clip), std::runtime_error);
  EXPECT_THROW(write_clip(file_, {}), std::runtime_error);
}

TEST_F(ClipFileTest, ADiskThatTakesNothingIsAnError) {
  EXPECT_THROW(write_clip("/dev/full", footage({}, 20, {40})), std::runtime_error);
  EXPECT_THROW(write_clip(temporary_ / "missing/clip.mp4", footage({}, 2, {40})),
               std::runtime_error);
}

TEST_F(ClipFileTest, TheSidecarSaysWhatWasSeenInEachAnalysedPicture) {
  Footage clip = footage({}, 10, {40});
  for (const std::uint64_t seq : {48ul, 52ul, 55ul, 99ul}) {
    Analysis made;
    made.seq = seq;
    made.road = Road::approaching;
    made.tracks.resize(seq == 52 ? 2 : 0);
    clip.analyses.push_back(std::make_shared<const Analysis>(made));
  }
  const ClipFacts facts = write_clip(file_, clip);
  const auto sidecar = nlohmann::json::parse(sidecar_json(7, "rear", clip, facts));
  EXPECT_EQ(sidecar["alert"], 7);
  EXPECT_EQ(sidecar["camera"], "rear");
  EXPECT_EQ(sidecar["width"], 320);
  EXPECT_EQ(sidecar["t0_s"], 10.0);
  ASSERT_EQ(sidecar["frames"].size(), 2u);
  EXPECT_EQ(sidecar["frames"][0]["t_s"], 0.08);
  EXPECT_EQ(sidecar["frames"][0]["tracks"].size(), 2u);
  EXPECT_EQ(sidecar["frames"][1]["t_s"], 0.2);
  EXPECT_EQ(sidecar["frames"][1]["road"], "approaching");
}

}  // namespace
}  // namespace rearview

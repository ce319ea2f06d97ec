#include "receive/recording_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "base/error.h"
#include "base/temporary_folder.h"
#include "tests/support/test_stream.h"

namespace rearview {
namespace {

using Bytes = std::vector<std::uint8_t>;
using test::picture_number;
namespace fs = std::filesystem;

class RecordingFiles : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const Bytes& bytes) const {
    std::ofstream out(folder_ / name, std::ios::binary);
    for (const std::uint8_t byte : bytes) out.put(static_cast<char>(byte));
    return (folder_ / name).string();
  }

  const TemporaryFolder folder_;
};

struct Seen {
  std::vector<std::optional<int>> numbers;
  std::vector<double> times_s;
  std::uint64_t access_units = 0;
  DecoderCounts counts;

  std::uint64_t lost() const { return counts.corrupt + counts.missing_reference + counts.waiting; }
};

Seen read_all(RecordingReader& reader) {
  Seen seen;
  std::uint64_t seq = 0;
  while (const FramePtr frame = reader.next()) {
    EXPECT_GT(frame->seq, seq);
    seq = frame->seq;
    EXPECT_EQ(frame->epoch, 1U);
    if (!seen.times_s.empty()) {
      EXPECT_GT(frame->t_s, seen.times_s.back());
    }
    seen.numbers.push_back(picture_number(frame->luma()));
    seen.times_s.push_back(frame->t_s);
  }
  EXPECT_EQ(reader.next(), nullptr) << "the end stays the end";
  seen.access_units = reader.access_units();
  seen.counts = reader.counts();
  return seen;
}

Seen read_all(const std::string& input, double fps = 30) {
  RecordingReader reader(input, fps, 1);
  return read_all(reader);
}

TEST_F(RecordingFiles, RawStreamGivesEveryPictureAndItsTime) {
  for (const auto delimiters :
       {test::Delimiters::none, test::Delimiters::before, test::Delimiters::behind}) {
    test::StreamOptions options;
    options.delimiters = delimiters;
    options.slices = 3;
    const std::string path = write("a.h264", test::make_h264(35, options));
    RecordingReader reader(path, 25, 1);
    EXPECT_EQ(reader.fps(), 25);
    EXPECT_EQ(reader.duration_s(), 35 / 25.0);
    const Seen seen = read_all(reader);
    ASSERT_EQ(seen.numbers.size(), 35U);
    for (std::size_t i = 0; i < 35; ++i) {
      EXPECT_EQ(seen.numbers[i], static_cast<int>(i));
      EXPECT_DOUBLE_EQ(seen.times_s[i], static_cast<double>(i) / 25);
    }
    EXPECT_EQ(seen.access_units, 35U);
    EXPECT_EQ(seen.lost(), 0U);
  }
}

TEST_F(RecordingFiles, RawStreamIsKnownByItsFirstBytesToo) {
  EXPECT_EQ(read_all(write("noname", test::make_h264(5))).numbers.size(), 5U);
}

TEST_F(RecordingFiles, ReorderedPicturesComeInOrderOfDisplay) {
  test::StreamOptions options;
  options.b_frames = 2;
  options.gop = 15;
  const Seen seen = read_all(write("b.h264", test::make_h264(40, options)));
  ASSERT_EQ(seen.numbers.size(), 40U);
  for (std::size_t i = 0; i < 40; ++i) {
    EXPECT_EQ(seen.numbers[i], static_cast<int>(i));
    EXPECT_DOUBLE_EQ(seen.times_s[i], static_cast<double>(i) / 30);
  }
}

TEST_F(RecordingFiles, ALostPictureLeavesAGapInTime) {
  auto units = test::make_access_units(30, {});
  units[12].resize(units[12].size() / 2);
  Bytes bytes;
  for (const auto& unit : units) bytes.insert(bytes.end(), unit.begin(), unit.end());
  const Seen seen = read_all(write("c.h264", bytes));
  ASSERT_EQ(seen.numbers.size(), 22U);
  for (std::size_t i = 0; i < seen.numbers.size(); ++i) {
    ASSERT_TRUE(seen.numbers[i]);
    EXPECT_NEAR(seen.times_s[i], *seen.numbers[i] / 30.0, 1e-9);
  }
  EXPECT_EQ(seen.counts.corrupt, 1U);
  EXPECT_EQ(seen.counts.waiting, 7U);
  EXPECT_EQ(seen.lost() + seen.numbers.size(), 30U);
}

TEST_F(RecordingFiles, ContainersAndOtherCodecs) {
  struct Case {
    const char* name;
    const char* encoder;
    const char* pixel_format;
    int b_frames;
  };
  for (const Case& c :
       {Case{"a.mkv", "libx264", "yuv420p", 0}, Case{"b.mp4", "libx264", "yuv420p", 2},
        Case{"c.avi", "mpeg4", "yuv420p", 0}, Case{"d.mkv", "mpeg4", "yuv420p", 2},
        Case{"e.mkv", "mpeg2video", "yuv420p", 2}, Case{"f.avi", "mjpeg", "yuvj422p", 0}}) {
    test::StreamOptions options;
    options.pixel_format = c.pixel_format;
    options.b_frames = c.b_frames;
    options.fps = 25;
    const std::string path = (folder_ / c.name).string();
    test::write_recording(path, c.encoder, 33, options);
    RecordingReader reader(path, 30, 1);
    EXPECT_NEAR(reader.fps(), 25, 0.01) << c.name;
    EXPECT_NEAR(reader.duration_s().value_or(0), 33 / 25.0, 0.1) << c.name;
    const Seen seen = read_all(reader);
    ASSERT_EQ(seen.numbers.size(), 33U) << c.name;
    for (std::size_t i = 0; i < 33; ++i) {
      EXPECT_EQ(seen.numbers[i], static_cast<int>(i)) << c.name;
      EXPECT_NEAR(seen.times_s[i], static_cast<double>(i) / 25, 0.0021) << c.name;
    }
    EXPECT_EQ(seen.lost(), 0U) << c.name;
  }
}

// Power can fail while the camera records.
TEST_F(RecordingFiles, ARecordingCutShortPlaysUpToTheCut) {
  const std::string path = (folder_ / "cut.mkv").string();
  test::StreamOptions options;
  options.noise = 30;
  test::write_recording(path, "libx264", 60, options);
  const auto size = fs::file_size(path);
  for (const double share : {0.9, 0.6, 0.33}) {
    fs::resize_file(path, static_cast<std::uintmax_t>(share * static_cast<double>(size)));
    const Seen seen = read_all(path);
    EXPECT_GT(static_cast<double>(seen.numbers.size()), 60 * (share - 0.25));
    for (std::size_t i = 0; i < seen.numbers.size(); ++i)
      EXPECT_EQ(seen.numbers[i], static_cast<int>(i));
  }
}

TEST_F(RecordingFiles, DamagedContainersNeverCrash) {
  const std::string path = (folder_ / "good.mkv").string();
  test::write_recording(path, "libx264", 40);
  std::ifstream in(path, std::ios::binary);
  const Bytes good((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  std::mt19937 random(17);
  for (int round = 0; round < 60; ++round) {
    Bytes bad = good;
    for (std::size_t n = 1 + random() % 8; n > 0; --n)
      bad[random() % bad.size()] = static_cast<std::uint8_t>(random());
    try {
      read_all(write("bad.mkv", bad));
    } catch (const std::runtime_error&) {  // UsageError or a reading error: both in order
    }
  }
}

TEST_F(RecordingFiles, WhatIsNotThereOrNoVideoIsAUsageError) {
  EXPECT_THROW(read_all((folder_ / "none.h264").string()), UsageError);
  EXPECT_THROW(read_all((folder_ / "none.mkv").string()), UsageError);
  EXPECT_THROW(read_all(folder_.path().string()), UsageError);
  EXPECT_THROW(read_all(write("text.mkv", Bytes(2000, 'x'))), UsageError);
  EXPECT_THROW(read_all(write("empty.mp4", {})), UsageError);
  EXPECT_THROW(read_all(write("a.h264", test::make_h264(1)), 0), UsageError);
}

TEST_F(RecordingFiles, AnEmptyOrGarbageRawFileJustEnds) {
  EXPECT_EQ(read_all(write("empty.h264", {})).numbers.size(), 0U);
  Bytes garbage(300000);
  std::mt19937 random(7);
  for (auto& byte : garbage) byte = static_cast<std::uint8_t>(random() % 3);
  EXPECT_EQ(read_all(write("garbage.h264", garbage)).numbers.size(), 0U);
}

// Which clips, and how many pictures the folder's MANIFEST gives them.
struct Clip {
  const char* name;
  std::size_t pictures;
};

class RealClip : public ::testing::TestWithParam<Clip> {};

TEST_P(RealClip, EveryPictureIsDecoded) {
  const char* assets = std::getenv("REARVIEW_ASSETS");
  if (assets == nullptr) GTEST_SKIP() << "REARVIEW_ASSETS isn't set: no clips to read";
  const fs::path path = fs::path(assets) / "clips" / GetParam().name;
  if (!fs::exists(path)) GTEST_SKIP() << path << " isn't there";
  RecordingReader reader(path.string(), 30, 1);
  std::size_t pictures = 0;
  while (const FramePtr frame = reader.next()) {
    if (path.extension() == ".h264") {
      ASSERT_EQ(frame->size(), cv::Size(640, 360));
    }
    ++pictures;
  }
  EXPECT_EQ(pictures, GetParam().pictures);
  const DecoderCounts& counts = reader.counts();
  EXPECT_EQ(counts.corrupt + counts.missing_reference + counts.waiting, 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Manifest, RealClip,
    ::testing::Values(Clip{"erin_road_rev.h264", 1290}, Clip{"jsl_traffic_rev.h264", 140},
                      Clip{"kart_dash0_rev.h264", 414}, Clip{"sfnd_kitti_fwd.h264", 234},
                      Clip{"swdee_cars_fwd.h264", 268}, Clip{"ud_night_rev.h264", 157},
                      Clip{"ud_project_cut_rev.h264", 91}, Clip{"ud_small2_rev.h264", 120},
                      Clip{"ud_solidWhiteRight_rev.h264", 265}, Clip{"swdee_cars.mp4", 268},
                      Clip{"ud_solidWhiteRight.mp4", 221}),
    [](const auto& clip) {
      std::string name = clip.param.name;
      for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
      return name;
    });

}  // namespace
}  // namespace rearview

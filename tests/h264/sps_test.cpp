#include "h264/sps.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "h264/annexb_splitter.h"
#include "tests/support/bit_writer.h"
#include "tests/support/test_stream.h"

namespace rearview::h264 {
namespace {

using Bytes = std::vector<std::uint8_t>;

// Writes an SPS field by field, so that each test says what is in it.
class SpsWriter {
 public:
  SpsWriter(int profile, int constraints, int level) {
    bits(static_cast<unsigned>(profile), 8);
    bits(static_cast<unsigned>(constraints), 8);
    bits(static_cast<unsigned>(level), 8);
  }
  SpsWriter& bits(unsigned value, int count) {
    writer_.bits(value, count);
    return *this;
  }
  SpsWriter& ue(unsigned value) {
    writer_.ue(value);
    return *this;
  }
  // The rest behind seq_parameter_set_id and the chroma fields, up to the cropping.
  SpsWriter& size(unsigned width_mbs, unsigned height_map_units, bool frames_only = true) {
    ue(0).ue(2).ue(1).bits(0, 1);  // frame_num, order count type 2, one reference, no gaps
    ue(width_mbs - 1).ue(height_map_units - 1).bits(frames_only ? 1 : 0, 1);
    if (!frames_only) bits(0, 1);
    return bits(1, 1);
  }
  SpsWriter& crop(unsigned left, unsigned right, unsigned top, unsigned bottom) {
    return bits(1, 1).ue(left).ue(right).ue(top).ue(bottom);
  }
  Bytes body() const { return writer_.body(0x67); }

 private:
  test::BitWriter writer_;
};

std::vector<Bytes> nal_bodies(const Bytes& stream) {
  std::vector<Bytes> bodies;
  const auto sink = [&](const NalUnit& nal) {
    const auto body = nal.body();
    bodies.emplace_back(body.begin(), body.end());
  };
  AnnexBSplitter splitter;
  splitter.push(stream, sink);
  splitter.flush(sink);
  return bodies;
}

Bytes first_of(const Bytes& stream, std::uint8_t type) {
  for (const auto& body : nal_bodies(stream)) {
    if ((body[0] & 0x1f) == type) return body;
  }
  throw std::runtime_error("no such NAL unit");
}

TEST(Sps, ReadsAnEncodersWithCroppingAndTiming) {
  test::StreamOptions options;
  options.width = 640;
  options.height = 360;  // 22.5 macroblocks: cropped
  options.fps = 25;
  options.preset = "medium";
  const auto sps = parse_sps(first_of(test::make_h264(1, options), 7));
  ASSERT_TRUE(sps);
  EXPECT_EQ(sps->width_px, 640);
  EXPECT_EQ(sps->height_px, 360);
  EXPECT_EQ(sps->fps, 25.0);
  EXPECT_EQ(profile_name(*sps), "High");
  EXPECT_EQ(level_name(*sps), "3");
  EXPECT_EQ(sps->max_num_reorder_frames, 0);
  EXPECT_FALSE(sps->full_range);
}

TEST(Sps, ReadsFullRangeAndReordering) {
  test::StreamOptions options;
  options.full_range = true;
  options.b_frames = 2;
  const auto sps = parse_sps(first_of(test::make_h264(8, options), 7));
  ASSERT_TRUE(sps);
  EXPECT_TRUE(sps->full_range);
  EXPECT_GE(sps->max_num_reorder_frames.value_or(0), 1);
}

TEST(Sps, ReadsOtherChromaFormats) {
  for (const char* format : {"yuv422p", "yuv444p", "yuv420p10le"}) {
    test::StreamOptions options;
    options.width = 62;
    options.height = 46;
    options.pixel_format = format;
    const auto sps = parse_sps(first_of(test::make_h264(1, options), 7));
    ASSERT_TRUE(sps) << format;
    EXPECT_EQ(sps->width_px, 62) << format;
    EXPECT_EQ(sps->height_px, 46) << format;
  }
}

TEST(Sps, BaselineWithoutVui) {
  const auto sps = parse_sps(SpsWriter(66, 0x40, 31).ue(0).size(80, 45).bits(0, 2).body());
  ASSERT_TRUE(sps);
  EXPECT_EQ(sps->width_px, 1280);
  EXPECT_EQ(sps->height_px, 720);
  EXPECT_EQ(sps->max_num_ref_frames, 1);
  EXPECT_FALSE(sps->fps);
  EXPECT_FALSE(sps->max_num_reorder_frames);
  EXPECT_EQ(profile_name(*sps), "Constrained Baseline");
  EXPECT_EQ(level_name(*sps), "3.1");
}

TEST(Sps, InterlacedHeightAndCroppingCountTwice) {
  const auto sps =
      parse_sps(SpsWriter(77, 0, 40).ue(0).size(120, 34, false).crop(1, 2, 1, 1).bits(0, 1).body());
  ASSERT_TRUE(sps);
  EXPECT_EQ(sps->width_px, 1920 - 6);
  EXPECT_EQ(sps->height_px, 1088 - 8);
}

TEST(Sps, ForbiddenValuesAreRefused) {
  const auto baseline = [] { return SpsWriter(66, 0, 30); };
  EXPECT_TRUE(parse_sps(baseline().ue(31).size(4, 4).bits(0, 2).body()));
  EXPECT_FALSE(parse_sps(baseline().ue(32).size(4, 4).bits(0, 2).body())) << "SPS number";
  EXPECT_FALSE(parse_sps(baseline().ue(0).size(2000, 4).bits(0, 2).body())) << "width";
  EXPECT_FALSE(parse_sps(baseline().ue(0).size(4, 600, false).bits(0, 2).body())) << "height";
  EXPECT_FALSE(parse_sps(baseline().ue(0).size(1000, 1000).bits(0, 2).body())) << "area";
  EXPECT_FALSE(parse_sps(baseline().ue(0).size(4, 4).crop(16, 16, 0, 0).bits(0, 1).body()))
      << "nothing left";
  EXPECT_FALSE(parse_sps(baseline().ue(0).size(4, 4).crop(0xfffffffe, 1, 0, 0).bits(0, 1).body()))
      << "cropping that would wrap";
  EXPECT_FALSE(parse_sps(baseline().ue(0).ue(13).body())) << "frame_num's size";
  EXPECT_FALSE(parse_sps(baseline().ue(0).ue(0).ue(3).body())) << "order count type";
  EXPECT_FALSE(parse_sps(baseline().ue(0).ue(0).ue(2).ue(17).body())) << "references";
  EXPECT_FALSE(parse_sps(SpsWriter(100, 0, 30).ue(0).ue(4).body())) << "chroma format";
  EXPECT_FALSE(parse_sps(SpsWriter(100, 0, 30).ue(0).ue(1).ue(7).body())) << "bit depth";
  EXPECT_FALSE(parse_sps(baseline().ue(0).ue(0).ue(1).bits(0, 1).ue(0).ue(0).ue(256).body()))
      << "order count cycle";
}

TEST(Sps, CutShortAnywhereIsRefused) {
  test::StreamOptions options;
  options.preset = "medium";
  options.height = 180;
  const Bytes whole = first_of(test::make_h264(1, options), 7);
  ASSERT_TRUE(parse_sps(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(parse_sps(std::span(whole).first(size))) << size;
  }
}

TEST(Sps, GarbageNeverBreaksTheBounds) {
  std::mt19937 random(4);
  const Bytes whole = first_of(test::make_h264(1, {}), 7);
  int read = 0;
  for (int round = 0; round < 200000; ++round) {
    Bytes body = whole;
    if (round % 2 == 0) {
      for (auto& byte : body) byte = static_cast<std::uint8_t>(random());
    } else {
      for (int flips = 0; flips < 4; ++flips)
        body[random() % body.size()] ^= static_cast<std::uint8_t>(1U << random() % 8);
    }
    const auto sps = parse_sps(body);
    if (!sps) continue;
    ++read;
    ASSERT_GE(sps->width_px, 1);
    ASSERT_GE(sps->height_px, 1);
    ASSERT_LE(sps->width_px, 1055 * 16);
    ASSERT_LE(sps->height_px, 1055 * 16);
    ASSERT_LE(sps->max_num_ref_frames, 16);
  }
  EXPECT_GT(read, 100) << "the mutations must reach the depths";
}

TEST(Sps, NamesOfProfilesAndLevels) {
  const auto sps = [](int profile, int constraints, int level) {
    Sps s;
    s.profile_idc = profile;
    s.constraint_flags = constraints;
    s.level_idc = level;
    return s;
  };
  EXPECT_EQ(profile_name(sps(66, 0, 10)), "Baseline");
  EXPECT_EQ(profile_name(sps(77, 0, 10)), "Main");
  EXPECT_EQ(profile_name(sps(100, 0x0c, 10)), "Constrained High");
  EXPECT_EQ(profile_name(sps(110, 0x10, 10)), "High 10 Intra");
  EXPECT_EQ(profile_name(sps(99, 0, 10)), "profile 99");
  EXPECT_EQ(level_name(sps(66, 0x10, 11)), "1b");
  EXPECT_EQ(level_name(sps(100, 0, 11)), "1.1");
  EXPECT_EQ(level_name(sps(100, 0, 50)), "5");
}

TEST(NalUnit, TypeNamesAreTheTutorials) {
  EXPECT_EQ(nal_type_name(NalType::sps), "Sequence parameter set");
  EXPECT_EQ(nal_type_name(NalType::sei), "Supplemental enhancement information (SEI)");
  EXPECT_EQ(nal_type_name(NalType::filler), "Unknown (12)");
  EXPECT_EQ(nal_type_name(static_cast<NalType>(14)), "Unknown (14)");
}

}  // namespace
}  // namespace rearview::h264

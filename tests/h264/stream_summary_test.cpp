#include "h264/stream_summary.h"

#include <gtest/gtest.h>

#include "h264/annexb_splitter.h"
#include "tests/support/test_stream.h"

namespace rearview::h264 {
namespace {

// fps: of the times given; 0: none.
StreamSummary summarise(const std::vector<std::vector<std::uint8_t>>& units, double fps = 0) {
  StreamSummary summary;
  AnnexBSplitter splitter;
  double t_s = 0;
  const auto sink = [&](const NalUnit& nal) {
    summary.add(nal, fps > 0 ? std::optional(t_s) : std::nullopt);
  };
  for (const auto& unit : units) {
    splitter.push(unit, sink);
    splitter.flush(sink);
    if (fps > 0) t_s += 1 / fps;
  }
  summary.finish();
  return summary;
}

TEST(StreamSummary, CountsWhatIsInAStream) {
  test::StreamOptions options;
  options.slices = 3;
  options.fps = 25;
  options.delimiters = test::Delimiters::before;
  const auto units = test::make_access_units(35, options);
  const StreamSummary s = summarise(units);
  std::size_t bytes = 0;
  for (const auto& unit : units) bytes += unit.size();
  EXPECT_EQ(s.bytes(), bytes);
  EXPECT_EQ(s.pictures(), 35U);
  EXPECT_EQ(s.idr_pictures(), 4U);
  EXPECT_EQ(s.b_pictures(), 0U);
  EXPECT_EQ(s.delimited(), 35U);
  EXPECT_EQ(s.gop().least, 10);
  EXPECT_EQ(s.gop().most, 10);
  EXPECT_EQ(s.slices_per_picture().least, 3);
  EXPECT_EQ(s.slices_per_picture().most, 3);
  EXPECT_EQ(s.nal_units()[5], 12U);
  EXPECT_EQ(s.nal_units()[1], 31U * 3);
  ASSERT_TRUE(s.sps());
  EXPECT_EQ(s.sps()->width_px, 320);
  EXPECT_EQ(s.sps()->fps, 25.0);
  EXPECT_EQ(s.size_changes(), 0U);
  EXPECT_FALSE(s.seconds());
  EXPECT_FALSE(s.measured_fps());
}

TEST(StreamSummary, ADelimiterBehindBelongsToTheNextPicture) {
  const StreamSummary s = summarise(test::make_access_units(12, {}));
  EXPECT_EQ(s.delimited(), 11U);
  EXPECT_EQ(s.delimited_idr(), 1U);
  EXPECT_GT(s.long_start_codes(), 0U);
}

TEST(StreamSummary, MeasuresTheFrameRateBehindTheFirstSecond) {
  auto options = test::StreamOptions();
  const auto units = test::make_access_units(90, options);
  const StreamSummary s = summarise(units, 20);
  ASSERT_TRUE(s.measured_fps());
  EXPECT_NEAR(*s.measured_fps(), 20, 1e-6);
  EXPECT_NEAR(s.seconds().value_or(0), 89 / 20.0, 1e-6);
}

TEST(StreamSummary, SeesBFramesShortCodesAndSizeChanges) {
  test::StreamOptions options;
  options.b_frames = 2;
  options.gop = 100;
  options.short_start_codes = true;
  auto units = test::make_access_units(20, options);
  test::StreamOptions larger;
  larger.width = 640;
  larger.short_start_codes = true;
  for (auto& unit : test::make_access_units(2, larger)) units.push_back(std::move(unit));
  const StreamSummary s = summarise(units);
  EXPECT_EQ(s.pictures(), 22U);
  EXPECT_GT(s.b_pictures(), 8U);
  EXPECT_EQ(s.long_start_codes(), 0U);
  EXPECT_EQ(s.size_changes(), 1U);
  EXPECT_EQ(s.sps()->width_px, 640);
}

}  // namespace
}  // namespace rearview::h264

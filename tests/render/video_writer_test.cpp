#include "render/video_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

extern "C" {
#include <libavformat/avformat.h>

#include "base/temporary_folder.h"
}

namespace rearview {
namespace {

class VideoWriterTest : public testing::Test {
 protected:
  void write(const std::vector<double>& times_s, cv::Size size = {64, 36}) {
    VideoWriter writer(file_, size, 30);
    for (const double t_s : times_s)
      writer.write(cv::Mat(size, CV_8UC3, cv::Scalar(9, 9, 200)), t_s);
    writer.finish();
  }

  const TemporaryFolder temporary_;
  const std::filesystem::path file_ = temporary_ / "out.mp4";
};

TEST_F(VideoWriterTest, KeepsEveryPictureAtItsTime) {
  write({0, 0.04, 0.1, 0.5});
  AVFormatContext* format = nullptr;
  ASSERT_EQ(avformat_open_input(&format, file_.c_str(), nullptr, nullptr), 0);
  ASSERT_GE(avformat_find_stream_info(format, nullptr), 0);
  std::vector<double> times_s;
  AVPacket* packet = av_packet_alloc();
  while (av_read_frame(format, packet) == 0) {
    times_s.push_back(static_cast<double>(packet->pts) * av_q2d(format->streams[0]->time_base));
    av_packet_unref(packet);
  }
  av_packet_free(&packet);
  std::sort(times_s.begin(), times_s.end());
  EXPECT_THAT(times_s,
              testing::ElementsAre(testing::DoubleNear(0, 1e-3), testing::DoubleNear(0.04, 1e-3),
                                   testing::DoubleNear(0.1, 1e-3), testing::DoubleNear(0.5, 1e-3)));
  EXPECT_EQ(format->streams[0]->codecpar->codec_id, AV_CODEC_ID_H264);
  avformat_close_input(&format);
}

TEST_F(VideoWriterTest, PutsTheIndexInFront) {
  write({0, 0.1});
  std::ifstream in(file_, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  EXPECT_LT(bytes.find("moov"), bytes.find("mdat"));
}

TEST_F(VideoWriterTest, SkipsATimeThatDoesNotRiseAndCutsOddSides) {
  write({0, 0.1, 0.1, 0.05, 0.2}, {65, 37});
  EXPECT_GT(std::filesystem::file_size(file_), 0u);
}

TEST_F(VideoWriterTest, SaysWhichFileCannotBeWritten) {
  const std::string file = temporary_ / "missing/out.mp4";
  try {
    VideoWriter writer(file, {64, 36}, 30);
    FAIL();
  } catch (const std::runtime_error& e) {
    EXPECT_EQ(e.what(), file + ": No such file or directory");
  }
}

}  // namespace
}  // namespace rearview

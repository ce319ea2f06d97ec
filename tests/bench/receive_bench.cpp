// The age of a picture from the encoder's input to the decoded picture, on loopback: our receiver
// beside libavformat and libavcodec as they come, and OpenCV's VideoCapture as the tutorial has it.
// Each gets its own sender, which encodes in real time from the moment it connects.
//   receive_bench [SECONDS]    default 12 a receiver; the first half is left out as warm-up

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "receive/libav.h"
#include "receive/receiver.h"
#include "tests/support/fake_camera.h"
#include "tests/support/test_stream.h"

namespace rearview {
namespace {

constexpr int kFps = 30;
constexpr int kMostPictures = 4096;

/// Encodes and sends in real time; remembers when each picture went into the encoder.
class Sender {
 public:
  Sender(test::Delimiters delimiters, int pictures)
      : camera_([this, delimiters, pictures](test::FakeCamera::Client& client, int connection) {
          if (connection > 0) return;
          test::StreamOptions options;
          options.width = 640;
          options.height = 360;
          options.gop = kFps;
          options.noise = 6;
          options.delimiters = delimiters;
          test::TestEncoder encoder(options);
          connected_at_ = SteadyClock::now().time_since_epoch().count();
          SteadyTime due = SteadyClock::now();
          for (int n = 0; n < pictures && n < kMostPictures; ++n) {
            std::this_thread::sleep_until(due);
            due += std::chrono::microseconds(1'000'000 / kFps);
            entered_[static_cast<std::size_t>(n)] = SteadyClock::now().time_since_epoch().count();
            if (!client.send(encoder.encode(n))) return;
          }
        }) {}

  std::string url() const { return camera_.url(); }
  /// Milliseconds since the picture went into the encoder.
  double age_ms(int number) const {
    const auto entered =
        SteadyTime(SteadyClock::duration(entered_.at(static_cast<std::size_t>(number))));
    return ms_between(entered, SteadyClock::now());
  }
  double connected_ms_ago() const {
    return ms_between(SteadyTime(SteadyClock::duration(connected_at_)), SteadyClock::now());
  }

 private:
  std::array<std::atomic<SteadyClock::rep>, kMostPictures> entered_{};
  std::atomic<SteadyClock::rep> connected_at_ = 0;
  test::FakeCamera camera_;
};

class Ages {
 public:
  Ages(const Sender& sender, int pictures) : sender_(sender), warm_up_(pictures / 2) {}

  /// False when the last picture of interest has come.
  void add(const cv::Mat& luma) {
    const auto number = test::picture_number(luma);
    if (!number || *number >= kMostPictures) return;
    if (first_ms_ < 0) first_ms_ = sender_.connected_ms_ago();
    if (*number >= warm_up_) ages_ms_.push_back(sender_.age_ms(*number));
  }
  void print(const std::string& name) {
    std::sort(ages_ms_.begin(), ages_ms_.end());
    if (ages_ms_.empty()) {
      fmt::print("{:<44} no picture\n", name);
      return;
    }
    const auto at = [&](double share) {
      return ages_ms_[static_cast<std::size_t>(share * static_cast<double>(ages_ms_.size() - 1))];
    };
    fmt::print("{:<44} {:>8.2f} {:>8.2f} {:>10.0f} {:>9}\n", name, at(0.5), at(0.95), first_ms_,
               ages_ms_.size());
    std::fflush(stdout);
  }

 private:
  const Sender& sender_;
  int warm_up_;
  double first_ms_ = -1;
  std::vector<double> ages_ms_;
};

void measure_ours(const std::string& name, test::Delimiters delimiters, double quiet_ms,
                  int pictures) {
  Sender sender(delimiters, pictures);
  Ages ages(sender, pictures);
  ReceiverConfig config;
  config.url = sender.url();
  config.quiet_flush_ms = quiet_ms;
  std::stop_source stop;
  Receiver receiver(
      config, [&](const FramePtr& frame) { ages.add(frame->luma()); },
      [&](const LinkEvent& event) {
        if (event.kind == LinkEvent::Kind::lost) stop.request_stop();
      });
  receiver.run(stop.get_token());
  ages.print(name);
}

void measure_libav(int pictures) {
  Sender sender(test::Delimiters::before, pictures);
  Ages ages(sender, pictures);
  AVFormatContext* raw = nullptr;
  if (avformat_open_input(&raw, sender.url().c_str(), nullptr, nullptr) < 0) return;
  const libav::FormatPointer format(raw);
  if (avformat_find_stream_info(raw, nullptr) < 0) return;
  const AVCodec* codec = avcodec_find_decoder(raw->streams[0]->codecpar->codec_id);
  const auto context = libav::checked<libav::CodecPointer>(avcodec_alloc_context3(codec));
  avcodec_parameters_to_context(context.get(), raw->streams[0]->codecpar);
  context->thread_count = 0;  // as many as there are processors, as players do
  if (avcodec_open2(context.get(), codec, nullptr) < 0) return;
  const auto packet = libav::new_packet();
  const auto frame = libav::new_frame();
  while (av_read_frame(raw, packet.get()) >= 0) {
    avcodec_send_packet(context.get(), packet.get());
    av_packet_unref(packet.get());
    while (avcodec_receive_frame(context.get(), frame.get()) == 0)
      ages.add(cv::Mat(frame->height, frame->width, CV_8UC1, frame->data[0],
                       static_cast<std::size_t>(frame->linesize[0])));
  }
  ages.print("libavformat + libavcodec, defaults");
}

void measure_opencv(int pictures) {
  Sender sender(test::Delimiters::before, pictures);
  Ages ages(sender, pictures);
  cv::VideoCapture capture(sender.url());
  cv::Mat bgr;
  cv::Mat grey;
  while (capture.read(bgr)) {
    cv::cvtColor(bgr, grey, cv::COLOR_BGR2GRAY);
    ages.add(grey);
  }
  ages.print("OpenCV VideoCapture (the tutorial's way)");
}

}  // namespace
}  // namespace rearview

int main(int argc, char** argv) {
  using namespace rearview;
  const int seconds = argc > 1 ? std::max(2, std::atoi(argv[1])) : 12;
  const int pictures = std::min(seconds * kFps, kMostPictures);
  log::set_level(log::Level::error);
  av_log_set_level(AV_LOG_FATAL);
  fmt::print("{:<44} {:>8} {:>8} {:>10} {:>9}\n", "ms from encoder-in to decoded", "p50", "p95",
             "first", "pictures");
  measure_ours("ours, delimiter behind (our camera)", test::Delimiters::behind, 1, pictures);
  measure_ours("ours, delimiter in front, silence 1 ms", test::Delimiters::before, 1, pictures);
  measure_ours("ours, delimiter in front, no silence", test::Delimiters::before, 0, pictures);
  measure_libav(pictures);
  measure_opencv(pictures);
  return 0;
}

#include "camera/source/scene_source.h"

#include <cmath>
#include <new>
#include <nlohmann/json.hpp>
#include <opencv2/core.hpp>

#include "camera/source/time_code.h"

namespace rearview::camera {
namespace {

// Late by less than this, the next picture comes sooner; by more, pictures are left out.
constexpr double kCatchesUp_s = 0.1;

}  // namespace

SceneSource::SceneSource(const SceneConfig& config, int width_px, int height_px, double fps,
                         Pace pace)
    : fps_(fps),
      time_code_(config.time_code),
      pacer_(pace),
      scene_(config, cv::Size(width_px, height_px), fps) {}

std::optional<Picture> SceneSource::next(std::stop_token stop) {
  SteadyTime due = pacer_.advance(1 / fps_);
  if (const double late_s = pacer_.late_s(due); late_s > kCatchesUp_s) {
    const double skipped = std::floor(late_s * fps_);
    due = pacer_.advance(skipped / fps_);
    next_number_ += static_cast<std::uint64_t>(skipped);
    dropped_ += static_cast<std::uint64_t>(skipped);
  }
  if (!pacer_.wait(stop, due)) return std::nullopt;

  {
    const MutexLock lock(mutex_);
    scene_.draw(next_number_++, bgr_);
  }
  if (time_code_) draw_time_code(bgr_, SteadyClock::now());
  Picture picture{make_av_frame(), due};
  AVFrame& frame = *picture.frame;
  frame.width = bgr_.cols;
  frame.height = bgr_.rows;
  frame.format = AV_PIX_FMT_BGR24;
  if (av_frame_get_buffer(&frame, 0) < 0) throw std::bad_alloc();
  bgr_.copyTo(cv::Mat(bgr_.rows, bgr_.cols, CV_8UC3, frame.data[0],
                      static_cast<std::size_t>(frame.linesize[0])));
  return picture;
}

nlohmann::ordered_json SceneSource::truth() const {
  const MutexLock lock(mutex_);
  return scene_.truth();
}

}  // namespace rearview::camera

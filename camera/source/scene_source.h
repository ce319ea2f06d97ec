#pragma once

#include <atomic>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <opencv2/core/mat.hpp>

#include "base/mutex.h"
#include "camera/scene/scene.h"
#include "camera/source/pacer.h"
#include "camera/source/source.h"

namespace rearview::camera {

/// The drawn road. Picture n shows the scene at n/fps; a machine that is too slow skips pictures
/// instead of letting the scene's time fall behind.
class SceneSource : public PictureSource {
 public:
  SceneSource(const SceneConfig& config, int width_px, int height_px, double fps, Pace pace);

  std::optional<Picture> next(std::stop_token stop) override;
  double fps() const override { return fps_; }
  std::uint64_t dropped() const noexcept override { return dropped_; }

  /// What has happened so far (interfaces.md, "Ground truth"). Any thread.
  nlohmann::ordered_json truth() const;

 private:
  double fps_;
  bool time_code_;
  Pacer pacer_;
  std::uint64_t next_number_ = 0;
  std::atomic<std::uint64_t> dropped_{0};
  cv::Mat bgr_;
  mutable Mutex mutex_;  // truth() is read while the next picture is drawn
  Scene scene_ GUARDED_BY(mutex_);
};

}  // namespace rearview::camera

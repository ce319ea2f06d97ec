#pragma once

#include <atomic>
#include <string>

#include "camera/source/media_input.h"
#include "camera/source/pacer.h"
#include "camera/source/source.h"

namespace rearview::camera {

/// A file's pictures, decoded, looped, in real time.
class DecodedFileSource : public PictureSource {
 public:
  /// most_fps: of a faster file, pictures are left out evenly. pacer: where time begins. Throws
  /// std::runtime_error when the file can't be opened or decoded.
  DecodedFileSource(const std::string& path, double raw_fps, double most_fps, int threads,
                    const Pacer& pacer);

  std::optional<Picture> next(std::stop_token stop) override;
  double fps() const override;
  std::uint64_t dropped() const noexcept override { return dropped_; }

 private:
  AvFrame decode();
  double step_to(const AVFrame& frame);

  std::string path_;
  MediaInput input_;
  double file_fps_;
  double most_fps_;
  Pacer pacer_;
  AvCodec decoder_;
  bool draining_ = false;
  bool seen_picture_ = false;  // since the last rewind
  std::optional<std::int64_t> last_pts_;
  double media_s_ = 0;
  double next_kept_s_ = 0;
  double skipped_s_ = 0;
  std::atomic<std::uint64_t> dropped_{0};
};

}  // namespace rearview::camera

#include "camera/source/encoded_source.h"

#include <algorithm>
#include <utility>

namespace rearview::camera {

EncodedSource::EncodedSource(std::string name, std::unique_ptr<PictureSource> pictures,
                             const EncoderConfig& config)
    : name_(std::move(name)),
      pictures_(std::move(pictures)),
      config_(config),
      fps_(pictures_->fps()),
      encoder_(config, fps_) {}

std::optional<CodedPicture> EncodedSource::next(std::stop_token stop) {
  while (ready_.empty()) {
    const std::optional<Picture> picture = pictures_->next(stop);
    if (!picture) return std::nullopt;
    const bool allowed =
        !last_idr_ || ms_between(*last_idr_, picture->captured) >= config_.min_forced_idr_ms;
    const bool force = allowed && idr_wanted_.exchange(false);
    encoder_.encode(*picture->frame, picture->captured, force, [&](CodedPicture coded) {
      if (coded.idr) last_idr_ = coded.captured;
      ready_.push_back(std::move(coded));
    });
  }
  CodedPicture coded = std::move(ready_.front());
  ready_.pop_front();
  return coded;
}

SourceInfo EncodedSource::info() const {
  return {name_, encoder_.codec_name(), config_.width_px, config_.height_px, fps_};
}

}  // namespace rearview::camera

#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <string>

#include "camera/encode/encoder.h"
#include "camera/source/source.h"

namespace rearview::camera {

/// A picture source with the encoder behind it.
class EncodedSource : public CodedSource {
 public:
  EncodedSource(std::string name, std::unique_ptr<PictureSource> pictures,
                const EncoderConfig& config);

  std::optional<CodedPicture> next(std::stop_token stop) override;
  /// The IDR comes with the next picture, but not within EncoderConfig::min_forced_idr_ms of the
  /// last one: then when that time is over.
  bool request_idr() noexcept override { return idr_wanted_ = true; }
  SourceInfo info() const override;
  std::uint64_t dropped() const noexcept override { return pictures_->dropped(); }
  std::optional<std::uint64_t> changes() const noexcept override { return pictures_->changes(); }

 private:
  std::string name_;
  std::unique_ptr<PictureSource> pictures_;
  EncoderConfig config_;
  double fps_;
  Encoder encoder_;
  std::atomic<bool> idr_wanted_{false};
  std::optional<SteadyTime> last_idr_;
  std::deque<CodedPicture> ready_;
};

}  // namespace rearview::camera

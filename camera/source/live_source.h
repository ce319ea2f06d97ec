#pragma once

#include <memory>
#include <string>

#include "camera/source/coded_file.h"
#include "camera/source/freeze_watch.h"
#include "camera/source/source.h"

namespace rearview::camera {

/// The H.264 of a live input, passed through from its first IDR on. Stamps are those of arrival.
class LiveCodedSource : public CodedSource {
 public:
  /// input: H.264 without B-frames. Throws std::runtime_error when it isn't H.264.
  LiveCodedSource(std::string name, std::unique_ptr<MediaInput> input, double raw_fps);

  std::optional<CodedPicture> next(std::stop_token stop) override;
  SourceInfo info() const override;
  std::optional<std::uint64_t> changes() const noexcept override { return changes_.count(); }

 private:
  std::string name_;
  CodedFile input_;
  CodedChanges changes_;
  bool begun_ = false;
  SteadyTime opened_ = SteadyClock::now();
};

/// The pictures of a live input, decoded.
class LivePictureSource : public PictureSource {
 public:
  /// most_fps: of a faster input, pictures are left out evenly. Throws std::runtime_error when it
  /// can't be decoded.
  LivePictureSource(std::unique_ptr<MediaInput> input, double raw_fps, double most_fps,
                    int threads);

  std::optional<Picture> next(std::stop_token stop) override;
  double fps() const override;
  std::uint64_t dropped() const noexcept override { return 0; }
  std::optional<std::uint64_t> changes() const noexcept override { return changes_; }

 private:
  void compare(const AVFrame& frame);

  std::unique_ptr<MediaInput> input_;
  double raw_fps_;
  double most_fps_;
  AvCodec decoder_;
  std::optional<SteadyTime> next_kept_;
  AvFrame before_;
  std::uint64_t changes_ = 0;
};

}  // namespace rearview::camera

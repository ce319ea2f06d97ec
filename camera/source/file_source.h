#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "camera/source/coded_file.h"
#include "camera/source/pacer.h"
#include "camera/source/source.h"

namespace rearview::camera {

/// A file's own H.264, looped, in real time. At the wrap time goes on and an IDR follows. Where a
/// B-frame turns up behind the part that was inspected, the file is encoded from then on.
class FileSource : public CodedSource {
 public:
  /// The same file, encoded; time goes on where pacer stands.
  using Encode = std::function<std::unique_ptr<CodedSource>(const Pacer& pacer)>;
  /// name: what info() says. The file has to fit: see why_not_passed_through().
  FileSource(std::string name, const std::string& path, double raw_fps, Pace pace, Encode encode);

  std::optional<CodedPicture> next(std::stop_token stop) override;
  bool request_idr() noexcept override;
  SourceInfo info() const override;
  std::uint64_t dropped() const noexcept override;

 private:
  CodedFile::Unit read_looped();

  std::string name_;
  CodedFile file_;
  Pacer pacer_;
  Encode encode_;
  std::unique_ptr<CodedSource> owned_encoded_;
  std::atomic<CodedSource*> encoded_{nullptr};  // set once, for the other threads
};

}  // namespace rearview::camera

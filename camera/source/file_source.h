#pragma once

#include <string>

#include "camera/source/coded_file.h"
#include "camera/source/pacer.h"
#include "camera/source/source.h"

namespace rearview::camera {

/// A file's own H.264, looped, in real time. At the wrap time goes on and an IDR follows.
class FileSource : public CodedSource {
 public:
  /// name: what info() says. The file has to fit: see why_not_passed_through().
  FileSource(std::string name, const std::string& path, double raw_fps, Pace pace);

  /// Throws std::runtime_error also when a B-frame turns up behind the part that was inspected.
  std::optional<CodedPicture> next(std::stop_token stop) override;
  SourceInfo info() const override;

 private:
  CodedFile::Unit read_looped();

  std::string name_;
  CodedFile file_;
  Pacer pacer_;
};

}  // namespace rearview::camera

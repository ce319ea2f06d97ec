#pragma once

#include <sys/types.h>

#include <deque>
#include <string>
#include <vector>

#include "camera/source/freeze_watch.h"
#include "camera/source/source.h"
#include "camera/wire_format.h"
#include "h264/access_unit.h"
#include "h264/annexb_splitter.h"

namespace rearview::camera {

/// Raw H.264 from the standard output of a child process, as rpicam-vid writes it, passed through
/// from the first IDR on. Stamps are those of arrival. The child ends with this object.
///
/// The end of a picture is taken for reached when nothing more comes for some milliseconds, since
/// the next start code would come a whole picture later. When that once cut a picture apart, it is
/// left alone from then on, and nothing goes out before the next IDR.
class ChildSource : public CodedSource {
 public:
  /// command: program and arguments; fps: what info() says. Throws std::runtime_error when it can't
  /// be started.
  ChildSource(std::string name, const std::vector<std::string>& command, double fps);
  ~ChildSource() override;
  ChildSource(const ChildSource&) = delete;
  ChildSource& operator=(const ChildSource&) = delete;

  /// Throws std::runtime_error when the child ends or says nothing for two seconds.
  std::optional<CodedPicture> next(std::stop_token stop) override;
  SourceInfo info() const override;
  std::optional<std::uint64_t> changes() const noexcept override { return changes_.count(); }

 private:
  void start(const std::vector<std::string>& command);
  void read_chunk();
  void end_picture_by_quiet();
  void take(const h264::AccessUnit& unit);

  std::string name_;
  double fps_;
  pid_t child_ = -1;
  int pipe_ = -1;
  h264::AnnexBSplitter splitter_;
  h264::AccessUnitAssembler assembler_;
  WireFormat wire_{WireFormat::Sei::keep};
  CodedChanges changes_;
  std::deque<CodedPicture> ready_;
  SteadyTime heard_;
  SteadyTime started_ = SteadyClock::now();  // to wait for an IDR
  bool quiet_ends_ = true;
  bool ended_by_quiet_ = false;
  bool begun_ = false;  // an IDR has come
};

}  // namespace rearview::camera

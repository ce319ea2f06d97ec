#include "camera/source/file_source.h"

#include <fmt/core.h>

#include <stdexcept>
#include <utility>

#include "base/log.h"

namespace rearview::camera {
namespace {

// After a stall longer than this (a suspended machine) the file is not hurried through.
constexpr double kStall_s = 0.5;

}  // namespace

FileSource::FileSource(std::string name, const std::string& path, double raw_fps, Pace pace,
                       Encode encode)
    : name_(std::move(name)), file_(path, raw_fps), pacer_(pace), encode_(std::move(encode)) {}

CodedFile::Unit FileSource::read_looped() {
  if (auto unit = file_.read()) return std::move(*unit);
  file_.rewind();
  auto unit = file_.read();
  if (!unit || !unit->coded.idr || !unit->coded.decodable)
    throw std::runtime_error(fmt::format("{}: can't be played from its beginning again", name_));
  return std::move(*unit);
}

std::optional<CodedPicture> FileSource::next(std::stop_token stop) {
  if (owned_encoded_) return owned_encoded_->next(stop);
  CodedFile::Unit unit = read_looped();
  if (unit.coded.b_slice) {
    log::warning("source", "encoding the file again, from its beginning",
                 {{"file", name_}, {"why", "it has B-frames in its later part"}});
    owned_encoded_ = encode_(pacer_);
    encoded_ = owned_encoded_.get();
    return owned_encoded_->next(stop);
  }
  const SteadyTime due = pacer_.advance(unit.step_s);
  if (pacer_.late_s(due) > kStall_s) pacer_.forgive();
  if (!pacer_.wait(stop, due)) return std::nullopt;
  return CodedPicture{std::move(unit.coded.bytes), unit.coded.idr, due, due};
}

bool FileSource::request_idr() noexcept {
  CodedSource* encoded = encoded_;
  return encoded && encoded->request_idr();
}

std::uint64_t FileSource::dropped() const noexcept {
  const CodedSource* encoded = encoded_;
  return encoded ? encoded->dropped() : 0;
}

SourceInfo FileSource::info() const {
  if (const CodedSource* encoded = encoded_) return encoded->info();
  const AVCodecParameters& parameters = file_.parameters();
  return {name_, "passed through", parameters.width, parameters.height, file_.fps()};
}

}  // namespace rearview::camera

#include "camera/source/file_source.h"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace rearview::camera {
namespace {

// After a stall longer than this (a suspended machine) the file is not hurried through.
constexpr double kForgiven_s = 0.5;

}  // namespace

FileSource::FileSource(std::string name, const std::string& path, double raw_fps, Pace pace)
    : name_(std::move(name)), file_(path, raw_fps), pacer_(pace) {}

CodedFile::Unit FileSource::read_looped() {
  if (auto unit = file_.read()) return std::move(*unit);
  file_.rewind();
  auto unit = file_.read();
  if (!unit || !unit->coded.idr || !unit->coded.decodable)
    throw std::runtime_error(fmt::format("{}: can't be played from its beginning again", name_));
  return std::move(*unit);
}

std::optional<CodedPicture> FileSource::next(std::stop_token stop) {
  CodedFile::Unit unit = read_looped();
  if (unit.coded.b_slice)
    throw std::runtime_error(
        fmt::format("{}: has B-frames in its later part; set source.pass_through to false", name_));
  const SteadyTime due = pacer_.advance(unit.step_s);
  if (pacer_.late_s(due) > kForgiven_s) pacer_.forgive();
  if (!pacer_.wait(stop, due)) return std::nullopt;
  return CodedPicture{std::move(unit.coded.bytes), unit.coded.idr, due, due};
}

SourceInfo FileSource::info() const {
  const AVCodecParameters& parameters = file_.parameters();
  return {name_, "passed through", parameters.width, parameters.height, file_.fps()};
}

}  // namespace rearview::camera

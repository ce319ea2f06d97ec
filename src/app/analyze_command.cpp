#include "app/analyze_command.h"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <opencv2/core/utility.hpp>
#include <optional>
#include <system_error>
#include <utility>

#include "analyse/chain/stage_chain.h"
#include "app/config.h"
#include "app/progress_line.h"
#include "base/error.h"
#include "base/log.h"
#include "base/printable_url.h"
#include "base/termination.h"
#include "receive/recording_reader.h"
#include "render/overlay.h"
#include "render/video_writer.h"
#include "types/json.h"

namespace rearview {
namespace {

/// JSON lines to a file or standard output; a write that fails ends the program with its reason.
class LineWriter {
 public:
  explicit LineWriter(const std::string& target) : name_(target) {
    file_ = target == "-" ? stdout : std::fopen(target.c_str(), "wb");
    if (!file_)
      throw UsageError(
          fmt::format("--json: {}: {}", target, std::generic_category().message(errno)));
  }
  ~LineWriter() {
    if (file_ && file_ != stdout) std::fclose(file_);
  }
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  void write(nlohmann::ordered_json message) {
    for (auto& latency : message.at("latency_ms")) latency = nullptr;
    const std::string line = dump(message) + "\n";
    if (std::fwrite(line.data(), 1, line.size(), file_) != line.size()) fail();
  }
  void finish() {
    if (std::fflush(file_) != 0) fail();
  }

 private:
  [[noreturn]] void fail() const {
    throw std::runtime_error(fmt::format("{}: {}", name_, std::generic_category().message(errno)));
  }

  std::string name_;
  std::FILE* file_;
};

void print_for_people(const Alert& alert) {
  std::string line =
      fmt::format("{:8.2f} s  {:<7}  {}", alert.t_s, name(alert.level), name(alert.kind));
  const AlertVehicle* vehicle = alert.vehicle();
  if (vehicle)
    line += fmt::format("  {} #{} {}", name(vehicle->vehicle_class), vehicle->track_id,
                        name(vehicle->side));
  const auto* approach = std::get_if<AlertApproach>(&alert.about);
  if (approach && approach->ttc_s)
    line += fmt::format("  time to contact {:.1f} s", *approach->ttc_s);
  if (vehicle && vehicle->distance_m) line += fmt::format("  {:.0f} m", *vehicle->distance_m);
  if (!alert.text.empty()) line += "  " + alert.text;
  fmt::print("{}\n", line);
}

class Progress {
 public:
  explicit Progress(std::optional<double> duration_s) : duration_s_(duration_s) {}

  void at(double t_s) {
    if (!line_.due()) return;
    const double speed = t_s / std::max(1e-3, seconds_between(start_, SteadyClock::now()));
    if (duration_s_)
      line_.draw(fmt::format("{:3.0f} %  {:.1f} of {:.1f} s, {:.1f} times real time",
                             100 * std::min(1.0, t_s / *duration_s_), t_s, *duration_s_, speed));
    else
      line_.draw(fmt::format("{:.1f} s, {:.1f} times real time", t_s, speed));
  }
  void finish(std::uint64_t frames, double t_s, std::uint64_t alerts) {
    const double took_s = std::max(1e-3, seconds_between(start_, SteadyClock::now()));
    line_.clear();
    fmt::print(stderr, "{} frames, {:.1f} s in {:.1f} s ({:.1f} times real time), {} alerts\n",
               frames, t_s, took_s, t_s / took_s, alerts);
  }

 private:
  std::optional<double> duration_s_;
  ProgressLine line_;
  SteadyTime start_ = SteadyClock::now();
};

}  // namespace

int analyze_command(const AnalyzeOptions& options) {
  const Config config = read_config_or_default(options.config);
  log::set_level(std::min(config.log_level, log::Level::warning));
  cv::setNumThreads(config.opencv_threads);
  const CameraConfig& camera = config.cameras.front();
  StageChain chain(camera.name, make_stages(config, camera));
  Termination termination;
  std::optional<RecordingReader> opened;
  try {
    opened.emplace(options.input, options.fps, camera.receiver.decoder_threads,
                   termination.token());
  } catch (const UsageError&) {
    if (termination.requested()) return kExitDone;
    throw;
  }
  RecordingReader& reader = *opened;
  std::optional<LineWriter> lines;
  if (!options.json.empty()) lines.emplace(options.json);
  std::unique_ptr<VideoWriter> video;

  Progress progress(reader.duration_s());
  std::uint64_t frames = 0;
  std::uint64_t alerts = 0;
  double t_s = 0;
  while (const FramePtr frame = reader.next()) {
    if (termination.requested()) break;
    Analysis analysis = chain.analyse(*frame);
    ++frames;
    t_s = frame->t_s;
    for (Alert& alert : analysis.alerts) {
      alert.id = ++alerts;
      if (lines)
        lines->write(to_json(alert));
      else
        print_for_people(alert);
    }
    if (lines) lines->write(to_json(analysis));
    if (!options.video.empty()) {
      if (!video) video = std::make_unique<VideoWriter>(options.video, frame->size(), reader.fps());
      video->write(draw_overlay(*frame, analysis), frame->t_s);
    }
    progress.at(t_s);
  }
  if (lines) lines->finish();
  if (video) video->finish();
  progress.finish(frames, t_s, alerts);
  const std::string why = frames == 0 ? reader.why_no_picture() : "";
  const DecoderCounts& counts = reader.counts();
  const auto lost = counts.corrupt + counts.missing_reference + counts.waiting;
  if (lost > 0 && why.empty())
    fmt::print(
        stderr,
        "{} pictures are missing: {} broken, {} without what they refer to, {} behind those; "
        "no vehicle was looked for in them\n",
        lost, counts.corrupt, counts.missing_reference, counts.waiting);
  if (frames == 0 && !termination.requested())
    throw std::runtime_error(fmt::format("{}: {}", printable_url(options.input),
                                         why.empty() ? "no picture could be decoded" : why));
  return kExitDone;
}

}  // namespace rearview

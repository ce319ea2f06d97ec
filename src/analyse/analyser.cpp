#include "analyse/analyser.h"

#include <cmath>
#include <stdexcept>
#include <utility>

#include "base/log.h"

namespace rearview {
namespace {

constexpr double kLongestGap_s = 2.0;

}  // namespace

Analyser::Analyser(std::string camera, std::vector<std::unique_ptr<Stage>> stages)
    : camera_(std::move(camera)), stages_(std::move(stages)) {}

void Analyser::reset() noexcept {
  for (const auto& stage : stages_) stage->reset();
}

Analysis Analyser::analyse(const Frame& frame) {
  const bool timed = std::isfinite(frame.t_s);
  const bool jumped = !timed || frame.t_s < last_t_s_ || frame.t_s > last_t_s_ + kLongestGap_s;
  if (epoch_ && (*epoch_ != frame.epoch || jumped)) reset();
  epoch_ = frame.epoch;
  if (timed) last_t_s_ = frame.t_s;

  Analysis analysis;
  analysis.camera = camera_;
  analysis.epoch = frame.epoch;
  analysis.seq = frame.seq;
  analysis.time = frame.time;
  analysis.t_s = frame.t_s;
  analysis.latency.decode_ms = ms_between(frame.received, frame.decoded);

  const SteadyTime start = SteadyClock::now();
  try {
    if (!timed) throw std::runtime_error("a picture without a time");
    for (const auto& stage : stages_) stage->process(frame, analysis);
    failing_ = false;
  } catch (const std::exception& e) {
    // Once, not thirty times a second; the analysis itself says it of every frame.
    if (!std::exchange(failing_, true))
      log::error("analyse", "stage failed", {{"camera", camera_}, {"why", e.what()}});
    analysis.state = AnalysisState::failed;
    analysis.road = Road::blind;
    analysis.text = std::string("analysis failed: ") + e.what();
    analysis.tracks.clear();
    analysis.alerts.clear();
    reset();
  }
  const SteadyTime end = SteadyClock::now();
  analysis.latency.analyse_ms = ms_between(start, end);
  analysis.latency.total_ms = ms_between(frame.received, end);
  for (Alert& alert : analysis.alerts) {
    alert.camera = camera_;
    alert.time = frame.time;
    alert.t_s = frame.t_s;
    alert.epoch = frame.epoch;
    alert.frame_seq = frame.seq;
    alert.latency = analysis.latency;
  }
  return analysis;
}

}  // namespace rearview

#include "analyse/chain/stage_chain.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "analyse/chain/stage_table.h"
#include "base/error.h"
#include "base/log.h"

namespace rearview {
namespace {

constexpr double kLongestGap_s = 2.0;

/// Two that write one of these would contradict each other.
constexpr Facts kOneWriter{Fact::sight, Fact::tracks, Fact::road};

/// For messages: the stages of the table that write it.
std::string writers_of(Fact fact) {
  std::vector<std::string> writers;
  for (const std::string& type : stage_types()) {
    if (stage_type(type)->writes.has(fact)) writers.push_back(fmt::format("\"{}\"", type));
  }
  return fmt::format("{}", fmt::join(writers, " or "));
}

bool is_finite(const std::optional<double>& value) {
  return !value || std::isfinite(*value);
}

bool is_finite(const cv::Rect2f& box) {
  return std::isfinite(box.x) && std::isfinite(box.y) && std::isfinite(box.width) &&
         std::isfinite(box.height);
}

bool is_finite(const Analysis& analysis) {
  const auto& view = analysis.view;
  return std::all_of(analysis.detections.begin(), analysis.detections.end(),
                     [](const Detection& one) {
                       return is_finite(one.box) && std::isfinite(one.score) &&
                              is_finite(one.growth_per_s) && is_finite(one.growth_sigma_per_s);
                     }) &&
         std::all_of(analysis.tracks.begin(), analysis.tracks.end(),
                     [](const Track& one) {
                       return is_finite(one.box) && std::isfinite(one.score) &&
                              is_finite(one.ttc_s) && is_finite(one.distance_m) &&
                              is_finite(one.closing_mps) && is_finite(one.lateral_m);
                     }) &&
         (!view || (is_finite(view->shown) && std::isfinite(view->vanishing.x) &&
                    std::isfinite(view->vanishing.y) && std::isfinite(view->focal_px)));
}

}  // namespace

void check_chain(const std::vector<const StageType*>& types) {
  for (std::size_t i = 0; i < types.size(); ++i) {
    const StageType& reader = *types[i];
    for (const Fact fact : values<Fact>()) {
      if (!(reader.reads | reader.uses).has(fact)) continue;
      const auto writes = [fact](const StageType* type) { return type->writes.has(fact); };
      const auto here = types.begin() + static_cast<std::ptrdiff_t>(i);
      const auto later = std::find_if(here + 1, types.end(), writes);
      if (later != types.end())
        throw UsageError(
            fmt::format("stage \"{}\" reads {}, which \"{}\" writes only behind it: put "
                        "\"{}\" before \"{}\"",
                        reader.name, name(fact), (*later)->name, (*later)->name, reader.name));
      if (reader.reads.has(fact) && std::none_of(types.begin(), here, writes))
        throw UsageError(
            fmt::format("stage \"{}\" reads {}, which no stage writes: put {} before it",
                        reader.name, name(fact), writers_of(fact)));
    }
  }
  for (const Fact fact : values<Fact>()) {
    const auto writes = [fact](const StageType* type) { return type->writes.has(fact); };
    const auto count = std::count_if(types.begin(), types.end(), writes);
    if (count > 1 && kOneWriter.has(fact)) {
      const auto first = std::find_if(types.begin(), types.end(), writes);
      const auto second = std::find_if(first + 1, types.end(), writes);
      throw UsageError(fmt::format("stages \"{}\" and \"{}\" both write {}: leave one of them out",
                                   (*first)->name, (*second)->name, name(fact)));
    }
  }
  if (std::none_of(types.begin(), types.end(),
                   [](const StageType* type) { return type->writes.has(Fact::road); }))
    throw UsageError(
        fmt::format("no stage judges the road; {} must be one of them", writers_of(Fact::road)));
}

StageChain::StageChain(std::string camera, std::vector<std::unique_ptr<Stage>> stages)
    : camera_(std::move(camera)), stages_(std::move(stages)) {
  std::vector<const StageType*> types;
  for (const auto& stage : stages_) {
    types.push_back(&stage->type());
    const auto before = std::count_if(types.begin(), types.end(), [&types](const StageType* type) {
      return std::string_view(type->name) == types.back()->name;
    });
    names_.push_back(before == 1 ? types.back()->name
                                 : fmt::format("{}_{}", types.back()->name, before));
  }
  check_chain(types);
}

void StageChain::reset() noexcept {
  for (const auto& stage : stages_) stage->reset();
  pictures_.clear();
}

void StageChain::run(const Frame& frame, Analysis& analysis, std::size_t& told) {
  if (!std::isfinite(frame.t_s)) throw std::runtime_error("a picture without a time");
  SteadyTime before = SteadyClock::now();
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    const bool was_clear = analysis.road == Road::clear;
    stages_[i]->process({frame, pictures_}, analysis);
    if (!is_finite(analysis))
      throw std::runtime_error(
          fmt::format("stage {} gives numbers that are not finite", names_[i]));
    if (analysis.road == Road::clear && !was_clear && !stages_[i]->type().writes.has(Fact::road))
      throw std::runtime_error(
          fmt::format("stage {} says that the road is clear without judging it", names_[i]));
    told = analysis.alerts.size();
    const SteadyTime now = SteadyClock::now();
    analysis.stages_ms.push_back(ms_between(before, now));
    before = now;
  }
}

void StageChain::fail(const std::string& why, std::size_t told, Analysis& analysis) {
  // Once, not thirty times a second; the analysis itself says it of every frame.
  if (!std::exchange(failing_, true))
    log::error("analyse", "stage failed", {{"camera", camera_}, {"why", why}});
  analysis.state = AnalysisState::failed;
  analysis.road = Road::blind;
  analysis.text = "analysis failed: " + why;
  analysis.view.reset();
  analysis.detections.clear();
  analysis.tracks.clear();
  analysis.alerts.resize(std::min(told, analysis.alerts.size()));
  analysis.stages_ms.clear();
  reset();
}

Analysis StageChain::analyse(const Frame& frame) {
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
  analysis.t_s = last_t_s_;
  analysis.latency.decode_ms = ms_between(frame.received, frame.decoded);

  const SteadyTime start = SteadyClock::now();
  std::size_t told = 0;  // alerts of the stages that came to their end
  try {
    run(frame, analysis, told);
    failing_ = false;
  } catch (const std::exception& e) {
    fail(e.what(), told, analysis);
  } catch (...) {
    fail("a stage threw what is no exception", told, analysis);
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

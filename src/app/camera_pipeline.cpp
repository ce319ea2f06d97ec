#include "app/camera_pipeline.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/thrown.h"
#include "render/overlay.h"

namespace rearview {
namespace {

/// How often the present thread looks for silence; bounds how late it is noticed.
constexpr std::chrono::milliseconds kWatchPeriod(100);
/// While the silence lasts it is told again at this pace, so that a subscriber knows it lasts.
constexpr std::chrono::milliseconds kRepeatPeriod(1000);
const cv::Size kSizeBeforeFirstFrame(640, 360);

}  // namespace

CameraPipeline::CameraPipeline(const CameraConfig& config, std::size_t camera,
                               std::vector<std::unique_ptr<Stage>> stages, EventBus& bus,
                               Worker::Failure failure, std::uint32_t first_epoch)
    : config_(config),
      camera_(camera),
      bus_(bus),
      failure_(std::move(failure)),
      first_epoch_(first_epoch),
      chain_(config.name, std::move(stages)),
      receiver_(
          config.receiver, [this](FramePtr frame) { on_frame(std::move(frame)); },
          [this](const LinkEvent& event) { on_link(event); },
          [this](const LiveAccessUnitPtr& unit) { bus_.access_unit(camera_, unit); }, first_epoch),
      encoder_(config.jpeg_quality),
      presented_(SteadyClock::now()),
      last_frame_(SteadyClock::now()),
      last_analysis_(last_frame_),
      stages_(chain_.names().size()) {
  Analysis nothing;
  nothing.camera = config.name;
  nothing.time = WallClock::now();
  nothing.road = Road::no_signal;
  nothing.text = "no picture yet";
  newest_ = std::make_shared<const Analysis>(std::move(nothing));
}

CameraPipeline::~CameraPipeline() {
  stop();
}

void CameraPipeline::start() {
  const auto begin = [this](Worker& worker, const char* name,
                            void (CameraPipeline::*body)(std::stop_token)) {
    worker.persist(
        name, [this, body](std::stop_token stop) { (this->*body)(std::move(stop)); },
        [this](const std::string& reason) {
          failure_(fmt::format("camera {}: {}", config_.name, reason));
        });
  };
  begin(present_worker_, "present", &CameraPipeline::present);
  begin(analyse_worker_, "analyse", &CameraPipeline::analyse);
  begin(receive_worker_, "receive", &CameraPipeline::receive);
}

void CameraPipeline::stop() {
  for (Worker* worker : {&receive_worker_, &analyse_worker_, &present_worker_}) worker->stop();
}

void CameraPipeline::receive(std::stop_token stop) {
  receiver_.run(stop);
}

void CameraPipeline::on_link(const LinkEvent& event) {
  const MutexLock lock(mutex_);
  connected_ = event.kind == LinkEvent::Kind::connected;
  // Why the last connection gave nothing stays true until a picture has come.
  if (event.kind != LinkEvent::Kind::connected) link_text_ = event.text;
}

void CameraPipeline::on_frame(FramePtr frame) {
  {
    const MutexLock lock(mutex_);
    last_frame_ = frame->decoded;
    link_text_.clear();
    newest_frame_ = frame;
    frame_rate_.count(frame->decoded);
    decode_.add(ms_between(frame->received, frame->decoded));
  }
  frames_.put(std::move(frame));
}

void CameraPipeline::analyse(std::stop_token stop) {
  SteadyClock::duration took(0);
  while (const auto frame = frames_.take(stop, SteadyClock::now(), took)) {
    const SteadyTime start = SteadyClock::now();
    analysing_since_ = start;
    analyse_next(*frame);
    analysing_since_ = SteadyTime();
    took = SteadyClock::now() - start;
  }
}

void CameraPipeline::analyse_next(const FramePtr& frame) {
  try {
    publish(frame, chain_.analyse(*frame));
  } catch (...) {
    analysing_since_ = SteadyTime();
    const Silence failed{Road::blind, AnalysisState::failed, "ANALYSIS FAILED",
                         "analysis failed: " + thrown()};
    {
      const MutexLock lock(mutex_);
      publish_silence(failed, SteadyClock::now());
    }
    bus_.deliver(camera_);
    throw;
  }
}

void CameraPipeline::publish(const FramePtr& frame, Analysis analysis) {
  if (analysis.state == AnalysisState::ok && analysis.latency.total_ms > config_.watch.late_ms) {
    analysis.state = AnalysisState::degraded;
    analysis.text = fmt::format("analysis is {:.0f} ms behind", analysis.latency.total_ms);
  }
  // So old a picture is none when it comes late from the camera, and it is none here. A vehicle
  // that was seen in it is told all the same.
  const bool quiet = analysis.road != Road::approaching && analysis.road != Road::danger;
  if (quiet && analysis.latency.total_ms > config_.watch.signal_timeout_ms) {
    analysis.road = Road::blind;
    analysis.text = fmt::format("analysis is {:.1f} s behind: too late to warn",
                                analysis.latency.total_ms / 1000);
  }
  AnalysisPtr shared;
  bool from_before = false;
  {
    const MutexLock lock(mutex_);
    last_analysis_ = SteadyClock::now();
    analysis_rate_.count(last_analysis_);
    analyse_.add(analysis.latency.analyse_ms);
    total_.add(analysis.latency.total_ms);
    for (std::size_t i = 0; i < analysis.stages_ms.size(); ++i)
      stages_[i].add(analysis.stages_ms[i]);
    ++frames_analysed_;
    // Of a picture from before the camera fell silent: what it tells of the road is over.
    from_before = silence(last_analysis_).has_value();
    if (!from_before && std::exchange(lost_, false))
      raise(AlertKind::camera_back, AlertLevel::info, analysis, "");
    shared = std::make_shared<const Analysis>(std::move(analysis));
    const Annotated now{frame, shared};
    views_.see(now);
    for (const Alert& alert : shared->alerts) {
      const auto* passed = std::get_if<AlertPass>(&alert.about);
      bus_.put(camera_, alert, passed ? views_.of(passed->track_id).value_or(now) : now);
    }
    if (!from_before) {
      newest_ = shared;
      bus_.put(camera_, shared);
    }
  }
  bus_.deliver(camera_);
  if (!from_before) annotated_.put({frame, std::move(shared)});
}

void CameraPipeline::raise(AlertKind kind, AlertLevel level, const Analysis& about,
                           const std::string& text, std::optional<double> blind_s) {
  Alert alert;
  alert.camera = config_.name;
  alert.time = about.time;
  alert.t_s = about.t_s;
  alert.kind = kind;
  alert.level = level;
  alert.text = text;
  if (blind_s) alert.about = AlertBlindness{*blind_s};
  alert.epoch = about.epoch;
  alert.frame_seq = about.seq;
  bus_.put(camera_, std::move(alert), {});
}

std::optional<CameraPipeline::Silence> CameraPipeline::silence(SteadyTime now) const {
  const double frame_age_ms = ms_between(last_frame_, now);
  if (!newest_frame_ || frame_age_ms > config_.watch.signal_timeout_ms) {
    Silence found{Road::no_signal, AnalysisState::ok, "NO SIGNAL", ""};
    found.text = newest_frame_ ? fmt::format("no picture for {:.0f} s", frame_age_ms / 1000)
                               : std::string("no picture yet");
    if (!link_text_.empty()) found.text += ": " + link_text_;
    return found;
  }
  const double analysis_age_ms = ms_between(last_analysis_, now);
  if (analysis_age_ms > config_.watch.analysis_timeout_ms)
    return Silence{Road::blind, AnalysisState::failed, "ANALYSIS LATE",
                   fmt::format("no analysis for {:.1f} s", analysis_age_ms / 1000)};
  return std::nullopt;
}

void CameraPipeline::publish_silence(const Silence& silence, SteadyTime now) {
  auto analysis = std::make_shared<Analysis>();
  analysis->camera = config_.name;
  analysis->epoch = newest_->epoch;
  analysis->seq = newest_->seq;
  analysis->time = WallClock::now();
  analysis->t_s =
      newest_frame_ ? newest_frame_->t_s + seconds_between(newest_frame_->received, now) : 0;
  analysis->state = silence.state;
  analysis->road = silence.road;
  analysis->text = silence.text;
  // Before the alert: who asks for the road because of it must not be told what it was.
  newest_ = analysis;
  bus_.put(camera_, analysis);
  if (silence.road == Road::no_signal && newest_frame_ && !std::exchange(lost_, true))
    raise(AlertKind::camera_lost, AlertLevel::danger, *analysis, silence.text,
          seconds_between(newest_frame_->received, now));
}

void CameraPipeline::present(std::stop_token stop) {
  std::optional<Silence> told;
  SteadyTime told_at;
  SteadyTime drawn_at;
  while (!stop.stop_requested()) {
    presented_ = SteadyClock::now();
    const auto annotated = annotated_.take_until(stop, SteadyClock::now() + kWatchPeriod);
    if (stop.stop_requested()) return;
    cv::Mat picture;
    if (annotated) {
      told.reset();
      if (!bus_.wants_picture(camera_)) continue;
      picture = draw_overlay(*annotated->frame, *annotated->analysis);
    } else {
      const SteadyTime now = SteadyClock::now();
      FramePtr frame;
      {
        const MutexLock lock(mutex_);
        const auto found = silence(now);
        if (!found) continue;
        const bool news = !told || told->road != found->road;
        if (news || now - told_at >= kRepeatPeriod) {
          publish_silence(*found, now);
          told_at = now;
          if (news) drawn_at = {};
        }
        told = found;
        frame = newest_frame_;
      }
      bus_.deliver(camera_);
      if (!bus_.wants_picture(camera_) || now - drawn_at < kRepeatPeriod / 2) continue;
      drawn_at = now;
      const OverlayWarning warning{told->title, told->text};
      picture = frame ? draw_stale_overlay(*frame, warning)
                      : draw_without_frame(kSizeBeforeFirstFrame, warning);
    }
    bus_.picture(camera_, DrawnPicture(std::move(picture), encoder_));
    const MutexLock lock(mutex_);
    ++pictures_drawn_;
  }
}

std::uint32_t CameraPipeline::epoch() const {
  return first_epoch_ + static_cast<std::uint32_t>(receiver_.stats().connections);
}

bool CameraPipeline::lives(SteadyTime now) const {
  const SteadyTime analysing = analysing_since_;
  return seconds_between(presented_, now) < kHung_s &&
         (analysing == SteadyTime() || seconds_between(analysing, now) < kHung_s);
}

CameraStatus CameraPipeline::status() const {
  const ReceiverStats link = receiver_.stats();
  const SteadyTime now = SteadyClock::now();
  const MutexLock lock(mutex_);
  CameraStatus status;
  status.name = config_.name;
  status.url = config_.receiver.url;
  status.analysis = newest_->state;
  status.road = newest_->road;
  status.frame_age_s = seconds_between(last_frame_, now);
  const bool silent = !newest_frame_ || status.frame_age_s * 1000 > config_.watch.signal_timeout_ms;
  if (silent)
    status.state = connected_ ? CameraState::stalled : CameraState::connecting;
  else if (status.analysis == AnalysisState::failed)
    status.state = CameraState::failed;
  else if (status.road == Road::blind)
    status.state = CameraState::blind;
  else
    status.state = CameraState::live;
  status.text = newest_->text;
  if (silent && !link_text_.empty()) status.text = link_text_;
  if (newest_frame_) {
    status.width_px = newest_frame_->width();
    status.height_px = newest_frame_->height();
  }
  status.fps_in = frame_rate_.per_second(now);
  status.fps_analysed = analysis_rate_.per_second(now);
  status.pace = newest_->pace;
  status.connections = link.connections;
  status.bytes_received = link.bytes;
  status.frames_decoded = link.frames;
  status.frames_analysed = frames_analysed_;
  status.pictures_encoded = pictures_drawn_;
  status.drops = link.drops;
  status.drops.emplace_back("analysis_busy", frames_.dropped());
  status.decode = decode_.percentiles();
  status.analyse = analyse_.percentiles();
  status.total = total_.percentiles();
  for (std::size_t i = 0; i < stages_.size(); ++i)
    status.stages.emplace_back(chain_.names()[i], stages_[i].percentiles());
  return status;
}

}  // namespace rearview

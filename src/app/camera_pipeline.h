#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analyse/chain/stage_chain.h"
#include "app/annotated.h"
#include "app/best_views.h"
#include "app/config.h"
#include "app/event_bus.h"
#include "app/frame_queue.h"
#include "app/meters.h"
#include "base/latest_slot.h"
#include "base/mutex.h"
#include "base/worker.h"
#include "receive/receiver.h"
#include "render/jpeg_encoder.h"
#include "types/analysis.h"
#include "types/camera_status.h"
#include "types/frame.h"
#include "types/live_access_unit.h"

namespace rearview {

/// A thread that hasn't moved for so long hangs: many times what a picture takes on a machine that
/// is far too slow.
constexpr double kHung_s = 20;

/// One camera from socket to published analysis and annotated picture, on three threads: receive
/// (connect, read, decode), analyse (all stages), present (draws for viewers, and keeps watch: when
/// pictures or analyses stay away it says so itself, because silence must never look like a clear
/// road). Newest frame wins between them, newest burst in front of the analysis. What escapes a
/// thread ends no more than what it was at, the connection or the analysis of one picture; a second
/// later it goes on, and the road is not seen until then.
class CameraPipeline {
 public:
  /// camera: its place on the bus, which must outlive the pipeline. failure: told, on its thread,
  /// of what escaped one. first_epoch: of connections that another pipeline of the camera had
  /// before.
  CameraPipeline(const CameraConfig& config, std::size_t camera,
                 std::vector<std::unique_ptr<Stage>> stages, EventBus& bus, Worker::Failure failure,
                 std::uint32_t first_epoch = 0);
  ~CameraPipeline();

  void start();
  /// Stops the threads in the order of the flow and joins them.
  void stop();
  /// Any thread.
  CameraStatus status() const;
  /// Of the newest connection. Any thread.
  std::uint32_t epoch() const;
  /// Whether its threads move; a camera that isn't there is none of their faults. Any thread.
  bool lives(SteadyTime now) const;

 private:
  /// What the present thread found when nothing new had come.
  struct Silence {
    Road road;
    AnalysisState state;
    const char* title;
    std::string text;
  };

  void receive(std::stop_token stop);
  void analyse(std::stop_token stop);
  void present(std::stop_token stop);
  void on_frame(FramePtr frame);
  void on_link(const LinkEvent& event);
  void analyse_next(const FramePtr& frame);
  void publish(const FramePtr& frame, Analysis analysis);
  std::optional<Silence> silence(SteadyTime now) const REQUIRES(mutex_);
  void publish_silence(const Silence& silence, SteadyTime now) REQUIRES(mutex_);
  void raise(AlertKind kind, AlertLevel level, const Analysis& about, const std::string& text,
             std::optional<double> blind_s = std::nullopt) REQUIRES(mutex_);

  const CameraConfig config_;
  const std::size_t camera_;
  EventBus& bus_;
  const Worker::Failure failure_;
  const std::uint32_t first_epoch_;
  StageChain chain_;
  Receiver receiver_;
  FrameQueue frames_;
  LatestSlot<Annotated> annotated_;
  BestViews views_;                                         ///< of the analyse thread
  JpegEncoder encoder_;                                     ///< of the present thread
  std::atomic<SteadyTime> analysing_since_ = SteadyTime();  ///< none: it waits for a picture
  std::atomic<SteadyTime> presented_;

  /// Guards what follows, and holds while an analysis or alert is put into the outbox, so that they
  /// leave in order.
  mutable Mutex mutex_;
  SteadyTime last_frame_ GUARDED_BY(mutex_);
  SteadyTime last_analysis_ GUARDED_BY(mutex_);
  FramePtr newest_frame_ GUARDED_BY(mutex_);
  AnalysisPtr newest_ GUARDED_BY(mutex_);
  bool lost_ GUARDED_BY(mutex_) = false;  ///< camera_lost was raised, camera_back not yet
  bool connected_ GUARDED_BY(mutex_) = false;
  std::string link_text_ GUARDED_BY(mutex_) = "connecting";
  mutable RateMeter frame_rate_ GUARDED_BY(mutex_);
  mutable RateMeter analysis_rate_ GUARDED_BY(mutex_);
  LatencyWindow decode_ GUARDED_BY(mutex_);
  LatencyWindow analyse_ GUARDED_BY(mutex_);
  LatencyWindow total_ GUARDED_BY(mutex_);
  std::vector<LatencyWindow> stages_ GUARDED_BY(mutex_);  ///< of each stage of the chain
  std::uint64_t frames_analysed_ GUARDED_BY(mutex_) = 0;
  std::uint64_t pictures_drawn_ = 0;

  Worker present_worker_;
  Worker analyse_worker_;
  Worker receive_worker_;
};

}  // namespace rearview

#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "analyse/stage_chain.h"
#include "app/annotated.h"
#include "app/best_views.h"
#include "app/config.h"
#include "app/meters.h"
#include "base/latest_slot.h"
#include "receive/receiver.h"
#include "types/analysis.h"
#include "types/camera_status.h"
#include "types/frame.h"
#include "types/live_access_unit.h"

namespace rearview {

/// How a pipeline tells the rest of the program. Called from the pipeline's threads; must not wait.
struct PipelineOutputs {
  /// In order; alerts already given to alert().
  std::function<void(AnalysisPtr)> analysis;
  /// seen: what raised it, or, of a vehicle that has passed, the best look at it; empty when no
  /// frame did.
  std::function<void(const Alert&, const Annotated& seen)> alert;
  /// What the camera sent, on the receive thread. May be empty; H.264 only.
  std::function<void(LiveAccessUnitPtr)> access_unit;
  /// Whether anybody looks; nothing is drawn otherwise.
  std::function<bool()> wants_picture;
  /// The overlay, CV_8UC3, blue first; the receiver's own. Called on the present thread, which may
  /// wait here: the next picture is then the newest.
  std::function<void(cv::Mat)> picture;
  /// A thread can't go on; the program must end.
  std::function<void(const std::string&)> failure;
};

/// One camera from socket to published analysis and annotated picture, on three threads: receive
/// (connect, read, decode), analyse (all stages), present (draws for viewers, and keeps watch: when
/// pictures or analyses stay away it says so itself, because silence must never look like a clear
/// road). Newest frame wins between them.
class CameraPipeline {
 public:
  CameraPipeline(const CameraConfig& config, std::vector<std::unique_ptr<Stage>> stages,
                 PipelineOutputs outputs);
  ~CameraPipeline();

  void start();
  /// Stops the threads in the order of the flow and joins them.
  void stop();
  /// Any thread.
  CameraStatus status() const;

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
  void publish(const FramePtr& frame, Analysis analysis);
  // These want mutex_ held.
  std::optional<Silence> silence(SteadyTime now) const;
  void publish_silence(const Silence& silence, SteadyTime now);
  void raise(AlertKind kind, AlertLevel level, const Analysis& about, const std::string& text,
             std::optional<double> blind_s = std::nullopt);

  const CameraConfig config_;
  PipelineOutputs outputs_;
  StageChain chain_;
  Receiver receiver_;
  LatestSlot<FramePtr> frames_;
  LatestSlot<Annotated> annotated_;
  BestViews views_;  ///< of the analyse thread

  /// Guards what follows, and holds while an analysis or alert is handed out, so that they leave in
  /// order.
  mutable std::mutex mutex_;
  SteadyTime last_frame_;
  SteadyTime last_analysis_;
  FramePtr newest_frame_;
  AnalysisPtr newest_;
  bool lost_ = false;  ///< camera_lost was raised, camera_back not yet
  bool connected_ = false;
  std::string link_text_ = "connecting";
  mutable RateMeter frame_rate_;
  mutable RateMeter analysis_rate_;
  LatencyWindow decode_;
  LatencyWindow analyse_;
  LatencyWindow total_;
  std::vector<LatencyWindow> stages_;  ///< of each stage of the chain
  std::uint64_t frames_analysed_ = 0;
  std::uint64_t pictures_drawn_ = 0;

  std::jthread receive_thread_;
  std::jthread analyse_thread_;
  std::jthread present_thread_;
};

}  // namespace rearview

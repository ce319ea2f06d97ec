#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/worker.h"
#include "store/alert_store.h"
#include "store/clip_file.h"
#include "store/clip_ring.h"
#include "store/encounters.h"
#include "types/frame.h"
#include "types/live_access_unit.h"

namespace rearview {

/// Gives alerts their snapshots and clips: holds what each camera sent last, decides which alerts
/// make one clip, and writes from a thread of its own, so that a slow or full disk never delays an
/// alert. Where the disk takes nothing it says so in the store's status, tries again every few
/// seconds, and goes on by itself. Any thread; nothing here waits for the disk.
class EventRecorder {
 public:
  /// Makes the JPEG of an annotated picture. Called on the recorder's thread.
  using Draw =
      std::function<std::shared_ptr<const std::string>(const Frame& frame, const Analysis&)>;

  /// store must outlive the recorder. Without a folder in the configuration nothing is recorded.
  /// failure: told, on the recorder's thread, of what escaped it; it goes on with the next snapshot
  /// or clip. What fails in one of these otherwise ends that one only.
  /// cameras: their names, by place.
  EventRecorder(const StoreConfig& config, AlertStore& store, std::vector<std::string> cameras,
                Draw draw, Worker::Failure failure = {});
  /// Ends the clips that are open and writes what waits.
  ~EventRecorder();

  /// Another camera takes this place, or, with an empty name, none. What is open of the one before
  /// becomes a clip of what came. While nothing is told of the place.
  void exchange_camera(std::size_t camera, const std::string& name);

  void access_unit(std::size_t camera, LiveAccessUnitPtr unit);
  /// Every analysis, those that tell of silence too: they are the recorder's clock.
  void analysis(std::size_t camera, const AnalysisPtr& analysis);
  /// An alert as the store gave it, before its analysis is given. frame and seen may be null.
  void alert(std::size_t camera, const Alert& alert, FramePtr frame, AnalysisPtr seen);
  /// Whether the seconds before it are still at hand: then they become its clip, as an alert's.
  bool missed(const Missed& moment);

 private:
  struct Camera {
    explicit Camera(const StoreConfig& config);
    Mutex mutex;
    std::string name GUARDED_BY(mutex);  ///< empty: none has this place
    ClipRing ring GUARDED_BY(mutex);
    Encounters encounters GUARDED_BY(mutex);
    AnalysisPtr newest GUARDED_BY(mutex);
  };
  struct Snapshot {
    std::uint64_t alert = 0;
    FramePtr frame;
    AnalysisPtr seen;
  };
  struct Clip {
    std::string camera;
    std::vector<std::uint64_t> alerts;
    Footage footage;
    double important_s = 0;
  };

  /// nullopt: nothing of it was analysed, so that nobody knows.
  static std::optional<ClipSpan> span_of(const Clip& clip, const ClipFacts& facts);
  void end(Camera& camera, const std::vector<Encounters::Ended>& over) REQUIRES(camera.mutex);
  void run(const std::stop_token& stop);
  void write(const Snapshot& snapshot);
  void write(Clip& clip);
  /// Runs one write; says why it failed, or that it works again.
  bool guarded(const std::function<void()>& write);
  void check_room() const;
  void tell(const std::string& problem);
  void probe();

  const StoreConfig config_;
  AlertStore& store_;
  const Draw draw_;
  std::deque<Camera> cameras_;

  Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Snapshot> snapshots_ GUARDED_BY(mutex_);
  std::deque<Clip> clips_ GUARDED_BY(mutex_);
  std::size_t waiting_bytes_ GUARDED_BY(mutex_) = 0;  ///< of clips_

  std::string problem_;  ///< the thread's own
  Worker worker_;
};

}  // namespace rearview

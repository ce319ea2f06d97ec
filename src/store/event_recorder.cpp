#include "store/event_recorder.h"

#include <fmt/core.h>

#include <chrono>
#include <stdexcept>
#include <utility>

#include "base/log.h"
#include "base/thrown.h"
#include "store/clip_file.h"
#include "types/camera_status.h"

namespace rearview {
namespace {

/// Each holds a decoded picture.
constexpr std::size_t kMostSnapshots = 16;
/// How often a disk that took nothing is tried again.
constexpr std::chrono::seconds kProbe(5);

}  // namespace

std::optional<ClipSpan> EventRecorder::span_of(const Clip& clip, const ClipFacts& facts) {
  if (clip.footage.analyses.empty()) return std::nullopt;
  const Analysis& seen = *clip.footage.analyses.back();
  const auto wall = [](double s) {
    return std::chrono::duration_cast<WallClock::duration>(std::chrono::duration<double>(s));
  };
  const WallTime from = seen.time - wall(seen.t_s - clip.footage.units.front()->t_s);
  return ClipSpan{clip.camera, from, from + wall(facts.times_s.back())};
}

EventRecorder::Camera::Camera(const StoreConfig& config)
    : ring(config.clips.most_s, config.clips.ring_bytes), encounters(config.clips) {}

EventRecorder::EventRecorder(const StoreConfig& config, AlertStore& store,
                             std::vector<std::string> cameras, Draw draw, Worker::Failure failure)
    : config_(config), store_(store), draw_(std::move(draw)) {
  if (config_.folder.empty()) return;
  for (std::size_t i = 0; i < kMostCameras; ++i) cameras_.emplace_back(config_);
  for (std::size_t i = 0; i < cameras.size(); ++i) exchange_camera(i, cameras[i]);
  worker_.persist(
      "recorder", [this](const std::stop_token& stop) { run(stop); }, std::move(failure));
}

EventRecorder::~EventRecorder() {
  for (Camera& camera : cameras_) {
    const MutexLock lock(camera.mutex);
    end(camera, camera.encounters.finish());
  }
  worker_.stop();
}

void EventRecorder::exchange_camera(std::size_t camera, const std::string& name) {
  if (cameras_.empty()) return;
  Camera& of = cameras_.at(camera);
  const MutexLock lock(of.mutex);
  end(of, of.encounters.finish());
  of.name = name;
  of.ring = ClipRing(config_.clips.most_s, config_.clips.ring_bytes);
  of.newest = nullptr;
}

void EventRecorder::access_unit(std::size_t camera, LiveAccessUnitPtr unit) {
  if (cameras_.empty() || config_.clips.kinds.empty()) return;
  Camera& of = cameras_.at(camera);
  const MutexLock lock(of.mutex);
  of.ring.push(std::move(unit));
}

void EventRecorder::alert(std::size_t camera, const Alert& alert, FramePtr frame,
                          AnalysisPtr seen) {
  if (cameras_.empty()) return;
  if (frame && seen && config_.clips.wants_snapshot(alert.kind)) {
    bool busy = false;
    {
      const MutexLock lock(mutex_);
      busy = snapshots_.size() >= kMostSnapshots;
      if (!busy) snapshots_.push_back({alert.id, std::move(frame), std::move(seen)});
    }
    if (busy) store_.note([](StoreStatus& status) { ++status.snapshots_busy; });
    changed_.notify_all();
  }
  if (config_.clips.kinds.empty()) return;
  Camera& of = cameras_.at(camera);
  const MutexLock lock(of.mutex);
  const Encounters::Taken taken = of.encounters.alert(alert);
  if (taken == Encounters::Taken::yes) store_.hold(alert.id);
  if (taken == Encounters::Taken::refused)
    store_.note([](StoreStatus& status) { ++status.clips_busy; });
}

bool EventRecorder::missed(const Missed& moment) {
  for (Camera& of : cameras_) {
    const MutexLock lock(of.mutex);
    if (of.name != moment.camera) continue;
    if (!of.newest) return false;
    const std::uint32_t epoch = of.newest->epoch;
    const double t_s =
        of.newest->t_s - std::chrono::duration<double>(of.newest->time - moment.time).count();
    const Footage at_hand = of.ring.cut(epoch, of.encounters.begin_of_missed(t_s), t_s);
    if (at_hand.units.empty() || at_hand.units.front()->t_s > t_s) return false;
    if (of.encounters.missed(moment.id, epoch, t_s) != Encounters::Taken::yes) {
      store_.note([](StoreStatus& status) { ++status.clips_busy; });
      return false;
    }
    store_.hold(moment.id);
    return true;
  }
  return false;
}

void EventRecorder::analysis(std::size_t camera, const AnalysisPtr& analysis) {
  if (cameras_.empty()) return;
  Camera& of = cameras_.at(camera);
  const MutexLock lock(of.mutex);
  of.ring.push(analysis);
  of.newest = analysis;
  end(of, of.encounters.analysis(*analysis));
}

void EventRecorder::end(Camera& camera, const std::vector<Encounters::Ended>& over) {
  for (const Encounters::Ended& one : over) {
    if (!one.wanted) {
      store_.release(one.alerts);
      continue;
    }
    // Cut now: the ring goes on while the disk may be slow.
    Clip clip{.camera = camera.name,
              .alerts = one.alerts,
              .footage = camera.ring.cut(one.epoch, one.from_s, one.to_s),
              .important_s = one.to_s - config_.clips.post_roll_s};
    const bool nothing = clip.footage.units.empty();
    bool busy = false;
    if (!nothing) {
      const MutexLock lock(mutex_);
      busy = !clips_.empty() && waiting_bytes_ + clip.footage.bytes > config_.clips.ring_bytes;
      if (!busy) {
        waiting_bytes_ += clip.footage.bytes;
        clips_.push_back(std::move(clip));
      }
    }
    if (nothing || busy) {
      store_.note([nothing](StoreStatus& status) {
        ++(nothing ? status.clips_without_stream : status.clips_busy);
      });
      store_.release(one.alerts);
    }
    changed_.notify_all();
  }
}

void EventRecorder::run(const std::stop_token& stop) {
  MutexLock lock(mutex_);
  for (;;) {
    const auto work = [this]() REQUIRES(mutex_) { return !snapshots_.empty() || !clips_.empty(); };
    if (problem_.empty())
      changed_.wait(lock, stop, work);
    else
      changed_.wait_for(lock, stop, kProbe, work);
    if (!work()) {
      if (stop.stop_requested()) return;
      lock.unlock();
      probe();
      lock.lock();
    } else if (!snapshots_.empty()) {
      const Snapshot snapshot = std::move(snapshots_.front());
      snapshots_.pop_front();
      lock.unlock();
      write(snapshot);
      lock.lock();
    } else {
      Clip clip = std::move(clips_.front());
      clips_.pop_front();
      lock.unlock();
      try {
        write(clip);
      } catch (...) {
        lock.lock();
        waiting_bytes_ -= clip.footage.bytes;
        throw;
      }
      lock.lock();
      waiting_bytes_ -= clip.footage.bytes;
    }
  }
}

void EventRecorder::check_room() const {
  if (const std::string full = store_.no_room_for_media(); !full.empty())
    throw std::runtime_error(full);
  const auto free_bytes = store_.media().free_bytes();
  if (free_bytes && *free_bytes < config_.least_free_bytes)
    throw std::runtime_error(fmt::format("{}: {} bytes free, least_free_bytes is {}",
                                         config_.folder.string(), *free_bytes,
                                         config_.least_free_bytes));
}

bool EventRecorder::guarded(const std::function<void()>& write) {
  try {
    check_room();
    write();
    tell("");
    return true;
  } catch (...) {
    tell(thrown());
    return false;
  }
}

void EventRecorder::tell(const std::string& problem) {
  if (problem.empty() != problem_.empty()) {
    if (problem.empty())
      log::info("store", "snapshots and clips are stored again");
    else
      log::error("store", "snapshots and clips can't be stored; alerts are still sent",
                 {{"why", problem}});
  }
  problem_ = problem;
  store_.note([&problem](StoreStatus& status) { status.media_problem = problem; });
}

void EventRecorder::probe() {
  guarded([this] { store_.media().probe(); });
}

void EventRecorder::write(const Snapshot& snapshot) {
  const MediaFolder& media = store_.media();
  const bool written = guarded([&] {
    const auto jpeg = draw_(*snapshot.frame, *snapshot.seen);
    const std::uint64_t bytes = media.write(media.snapshot(snapshot.alert), *jpeg);
    try {
      if (!store_.attach_snapshot(snapshot.alert, bytes)) media.remove_snapshot(snapshot.alert);
    } catch (...) {
      media.remove_snapshot(snapshot.alert);
      throw;
    }
  });
  store_.note([written](StoreStatus& status) {
    ++(written ? status.snapshots_written : status.snapshots_failed);
  });
}

void EventRecorder::write(Clip& clip) {
  const MediaFolder& media = store_.media();
  const std::uint64_t number = clip.alerts.front();
  const bool written = guarded([&] {
    try {
      keep_one_format(clip.footage, clip.important_s);
      ClipFacts facts;
      std::uint64_t bytes = media.write(
          media.clip(number),
          [&](const std::filesystem::path& beside) { facts = write_clip(beside, clip.footage); });
      bytes +=
          media.write(media.tracks(number), sidecar_json(number, clip.camera, clip.footage, facts));
      if (!store_.attach_clip(number, clip.alerts, bytes, span_of(clip, facts)))
        media.remove_clip(number);
    } catch (...) {
      media.remove_clip(number);
      throw;
    }
  });
  store_.note(
      [written](StoreStatus& status) { ++(written ? status.clips_written : status.clips_failed); });
  store_.release(clip.alerts);
}

}  // namespace rearview

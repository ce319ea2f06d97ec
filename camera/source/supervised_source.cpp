#include "camera/source/supervised_source.h"

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <utility>

#include "base/log.h"
#include "base/sleep.h"

namespace rearview::camera {

namespace {

constexpr const char* kFrozen = "all its pictures are the same: frozen, or in full darkness";

}  // namespace

SupervisedSource::SupervisedSource(std::string name, Open open, Pauses pauses, double frozen_s,
                                   Now now)
    : name_(std::move(name)),
      open_(std::move(open)),
      pauses_(pauses),
      now_(std::move(now)),
      freeze_(frozen_s) {
  info_.name = name_;
}

std::optional<CodedPicture> SupervisedSource::next(std::stop_token stop) {
  while (!stop.stop_requested()) {
    try {
      if (!source_) {
        const auto pause = std::chrono::duration_cast<SteadyClock::duration>(
            std::chrono::duration<double>(pause_s_));
        if (!sleep_until(stop, SteadyClock::now() + pause)) return std::nullopt;
        auto opened = open_(stop);
        freeze_.reopened();
        changes_ = 0;
        const MutexLock lock(mutex_);
        source_ = std::move(opened);
        info_ = source_->info();
      }
      auto picture = source_->next(stop);
      if (!picture) continue;
      look_at_picture(now_());
      return picture;
    } catch (const std::exception& e) {
      if (!stop.stop_requested()) fail(e.what());
    }
  }
  return std::nullopt;
}

void SupervisedSource::look_at_picture(SteadyTime now) {
  pause_s_ = 0;
  if (const auto changes = source_->changes())
    freeze_.picture(*changes != std::exchange(changes_, *changes), now);
  if (!freeze_.frozen()) {
    frozen_pause_s_ = 0;
    next_frozen_try_ = now;
    set_problem(std::nullopt);
    return;
  }
  set_problem(kFrozen);
  if (now < next_frozen_try_ || freeze_.moving()) return;
  frozen_pause_s_ =
      std::clamp(frozen_pause_s_ * 2, pauses_.shortest_frozen_s, pauses_.longest_frozen_s);
  next_frozen_try_ = now + std::chrono::duration_cast<SteadyClock::duration>(
                               std::chrono::duration<double>(frozen_pause_s_));
  close();
}

void SupervisedSource::set_problem(std::optional<std::string> problem) {
  const MutexLock lock(mutex_);
  if (problem_ == problem) return;
  problem_ = std::move(problem);
  if (problem_) {
    log::warning("source", "failed", {{"source", name_}, {"why", *problem_}});
  } else {
    log::info("source", "live", {{"source", name_}, {"codec", info_.codec}, {"fps", info_.fps}});
  }
}

void SupervisedSource::close() {
  std::unique_ptr<CodedSource> closed;  // ends behind the lock: a child may take its time
  const MutexLock lock(mutex_);
  closed = std::move(source_);
}

void SupervisedSource::fail(const std::string& why) {
  close();
  set_problem(why);
  pause_s_ = std::clamp(pause_s_ * 2, pauses_.shortest_s, pauses_.longest_s);
}

bool SupervisedSource::request_idr() noexcept {
  const MutexLock lock(mutex_);
  return source_ && source_->request_idr();
}

SourceInfo SupervisedSource::info() const {
  const MutexLock lock(mutex_);
  return info_;
}

std::uint64_t SupervisedSource::dropped() const noexcept {
  const MutexLock lock(mutex_);
  return source_ ? source_->dropped() : 0;
}

std::optional<std::string> SupervisedSource::problem() const {
  const MutexLock lock(mutex_);
  return problem_;
}

}  // namespace rearview::camera

#include "camera/source/supervised_source.h"

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <utility>

#include "base/log.h"
#include "camera/source/pacer.h"

namespace rearview::camera {

SupervisedSource::SupervisedSource(std::string name, Open open, Pauses pauses)
    : name_(std::move(name)), open_(std::move(open)), pauses_(pauses) {
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
        const std::lock_guard lock(mutex_);
        source_ = std::move(opened);
        info_ = source_->info();
      }
      auto picture = source_->next(stop);
      if (!picture) continue;
      pause_s_ = 0;
      const std::lock_guard lock(mutex_);
      if (problem_) {
        problem_.reset();
        log::info("source", "live",
                  {{"source", name_}, {"codec", info_.codec}, {"fps", info_.fps}});
      }
      return picture;
    } catch (const std::exception& e) {
      if (!stop.stop_requested()) fail(e.what());
    }
  }
  return std::nullopt;
}

void SupervisedSource::fail(const std::string& why) {
  std::unique_ptr<CodedSource> failed;
  {
    const std::lock_guard lock(mutex_);
    failed = std::move(source_);
    if (problem_ != why) log::warning("source", "failed", {{"source", name_}, {"why", why}});
    problem_ = why;
  }
  pause_s_ = std::clamp(pause_s_ * 2, pauses_.shortest_s, pauses_.longest_s);
}

bool SupervisedSource::request_idr() noexcept {
  const std::lock_guard lock(mutex_);
  return source_ && source_->request_idr();
}

SourceInfo SupervisedSource::info() const {
  const std::lock_guard lock(mutex_);
  return info_;
}

std::uint64_t SupervisedSource::dropped() const noexcept {
  const std::lock_guard lock(mutex_);
  return source_ ? source_->dropped() : 0;
}

std::optional<std::string> SupervisedSource::problem() const {
  const std::lock_guard lock(mutex_);
  return problem_;
}

}  // namespace rearview::camera

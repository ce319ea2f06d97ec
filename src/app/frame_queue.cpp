#include "app/frame_queue.h"

#include <algorithm>
#include <utility>

namespace rearview {
namespace {

/// Of the time between two pictures. Judged: one that came a little early makes no burst.
constexpr double kSooner = 0.75;

bool of_one_burst(const Frame& one, const Frame& next) {
  return one.epoch == next.epoch &&
         seconds_between(one.received, next.received) < kSooner * (next.t_s - one.t_s);
}

}  // namespace

void FrameQueue::put(FramePtr frame) {
  {
    const MutexLock lock(mutex_);
    dropped_ += std::erase_if(
        frames_, [&](const FramePtr& waiting) { return !of_one_burst(*waiting, *frame); });
    if (frames_.size() == kMost) {
      frames_.pop_front();
      ++dropped_;
    }
    frames_.push_back(std::move(frame));
  }
  changed_.notify_one();
}

std::optional<FramePtr> FrameQueue::take(std::stop_token stop, SteadyTime now,
                                         SteadyClock::duration each) {
  MutexLock lock(mutex_);
  if (!changed_.wait(lock, std::move(stop), [this]() REQUIRES(mutex_) { return !frames_.empty(); }))
    return std::nullopt;
  const auto left = std::max(SteadyClock::duration(0), frames_.front()->received + kMostAge - now);
  const auto others = static_cast<std::size_t>(left / std::max(each, SteadyClock::duration(1)));
  const std::size_t skipped = std::max<std::size_t>(1, frames_.size() / (others + 1)) - 1;
  frames_.erase(frames_.begin(), frames_.begin() + static_cast<std::ptrdiff_t>(skipped));
  dropped_ += skipped;
  FramePtr frame = std::move(frames_.front());
  frames_.pop_front();
  return frame;
}

std::uint64_t FrameQueue::dropped() const {
  const MutexLock lock(mutex_);
  return dropped_;
}

}  // namespace rearview

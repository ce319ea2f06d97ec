#include "serve/picture_hub.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace rearview {
namespace {

constexpr std::string_view kBoundary = "rearview-frame";
constexpr std::chrono::seconds kRepeatPeriod{1};

/// One picture and the boundary behind it: browsers show a part only when they see the next
/// boundary.
http::Bytes make_part(const std::string& jpeg) {
  auto part = std::make_shared<std::string>();
  part->reserve(jpeg.size() + 128);
  *part += fmt::format("Content-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n", jpeg.size());
  *part += jpeg;
  *part += fmt::format("\r\n--{}\r\n", kBoundary);
  return part;
}

}  // namespace

PictureHub::PictureHub(http::IoLoop& loop, SteadyClock::duration snapshot_wait)
    : loop_(loop), snapshot_wait_(snapshot_wait) {}

void PictureHub::publish(std::shared_ptr<const std::string> jpeg) {
  {
    const MutexLock lock(mutex_);
    const bool on_its_way = incoming_ != nullptr;
    incoming_ = std::move(jpeg);
    if (on_its_way) return;  // the loop takes the newer one instead
  }
  loop_.post([this] { deliver(); });
}

void PictureHub::deliver() {
  std::shared_ptr<const std::string> jpeg;
  {
    const MutexLock lock(mutex_);
    jpeg = std::exchange(incoming_, nullptr);
  }
  if (!jpeg) return;
  ++pictures_;
  sent_time_ = SteadyClock::now();
  for (const Waiting& waiting : std::exchange(waiting_, {})) {
    waiting.responder.respond(http::bytes(jpeg, "image/jpeg").header("Cache-Control", "no-store"));
  }
  newest_part_ = viewers_.empty() ? nullptr : make_part(*jpeg);
  for (const auto& viewer : viewers_) viewer->send_latest(newest_part_);
  update_wanted();
}

http::Response PictureHub::watch() {
  http::Response response = http::stream(
      fmt::format("multipart/x-mixed-replace; boundary={}", kBoundary),
      [this](const std::shared_ptr<http::Stream>& viewer) {
        viewers_.insert(viewer);
        viewer->on_closed([this, raw = viewer.get()] {
          std::erase_if(viewers_, [raw](const auto& held) { return held.get() == raw; });
          update_wanted();
        });
        if (newest_part_) viewer->send_latest(newest_part_);
        update_wanted();
      },
      fmt::format("--{}\r\n", kBoundary));
  response.header("Cache-Control", "no-store");
  return response;
}

void PictureHub::snapshot(http::Responder responder) {
  waiting_.push_back({std::move(responder), SteadyClock::now() + snapshot_wait_});
  update_wanted();
}

void PictureHub::tick(SteadyTime now) {
  if (newest_part_ && now - sent_time_ >= kRepeatPeriod) {
    sent_time_ = now;
    for (const auto& viewer : viewers_) {
      if (viewer->idle()) viewer->send_latest(newest_part_);
    }
  }
  const auto late = std::stable_partition(waiting_.begin(), waiting_.end(),
                                          [now](const Waiting& w) { return w.deadline > now; });
  const std::vector<Waiting> expired(std::make_move_iterator(late),
                                     std::make_move_iterator(waiting_.end()));
  waiting_.erase(late, waiting_.end());
  for (const Waiting& waiting : expired)
    waiting.responder.fail(503, "the camera gives no picture at the moment");
  update_wanted();
}

void PictureHub::end() {
  {
    const MutexLock lock(mutex_);
    incoming_ = nullptr;
  }
  const auto viewers = viewers_;  // who closes leaves it
  for (const auto& viewer : viewers) viewer->close();
  for (const Waiting& waiting : std::exchange(waiting_, {}))
    waiting.responder.fail(404, "there is no such camera any more");
  newest_part_ = nullptr;
  pictures_ = 0;
  update_wanted();
}

void PictureHub::update_wanted() {
  // Nothing is encoded without viewers: by the time of the next one this picture would be old.
  if (viewers_.empty()) newest_part_ = nullptr;
  wanted_.store(viewers_.size() + waiting_.size(), std::memory_order_relaxed);
}

}  // namespace rearview

#include "publish/inbox.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

namespace rearview {

Inbox::Inbox() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

Inbox::~Inbox() {
  close(fd_);
}

void Inbox::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = write(fd_, &one, sizeof one);
}

void Inbox::alert() {
  wake();
}

void Inbox::heartbeat(HeartbeatPtr heartbeat) {
  {
    const MutexLock lock(mutex_);
    heartbeat_ = std::move(heartbeat);
  }
  wake();
}

void Inbox::analysis(AnalysisPtr analysis) {
  {
    const MutexLock lock(mutex_);
    analyses_.insert_or_assign(analysis->camera, analysis);
  }
  wake();
}

void Inbox::picture(const std::string& camera, std::shared_ptr<const std::string> jpeg) {
  {
    const MutexLock lock(mutex_);
    pictures_.insert_or_assign(camera, std::move(jpeg));
  }
  wake();
}

void Inbox::stop() {
  {
    const MutexLock lock(mutex_);
    stop_ = true;
  }
  wake();
}

Inbox::News Inbox::take() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = read(fd_, &count, sizeof count);
  News news;
  const MutexLock lock(mutex_);
  news.stop = stop_;
  news.heartbeat = std::exchange(heartbeat_, nullptr);
  for (auto& [camera, analysis] : analyses_) news.analyses.push_back(std::move(analysis));
  analyses_.clear();
  news.pictures.swap(pictures_);
  return news;
}

Inbox::News Inbox::wait(int timeout_ms) {
  pollfd waiting{fd_, POLLIN, 0};
  poll(&waiting, 1, timeout_ms);
  return take();
}

}  // namespace rearview

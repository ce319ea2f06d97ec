#include "archive/job_queue.h"
#include "base/error.h"

namespace rearview {

// Nothing but the constructor is ever reached.
struct JobQueue::State {};
struct JobQueue::Delivery::State {};

JobQueue::JobQueue(const NatsAccess& access, const Making&) {
  throw UsageError(fault_of(access)->why);
}
JobQueue::~JobQueue() = default;
bool JobQueue::submit(const ArchiveJob&) {
  return false;
}
std::size_t JobQueue::submit_failed() {
  return 0;
}
std::optional<JobQueue::Delivery> JobQueue::pull(int) {
  return std::nullopt;
}
JobQueue::Status JobQueue::status() {
  return {};
}

JobQueue::Delivery::~Delivery() = default;
JobQueue::Delivery::Delivery(Delivery&&) noexcept = default;
ArchiveJob JobQueue::Delivery::job() const {
  return {};
}
std::uint64_t JobQueue::Delivery::tries() const {
  return 0;
}
void JobQueue::Delivery::go_on() {}
bool JobQueue::Delivery::done(double, double) {
  return false;
}
void JobQueue::Delivery::failed(const std::string&, std::uint64_t) {}
void JobQueue::Delivery::give_back() {}

}  // namespace rearview

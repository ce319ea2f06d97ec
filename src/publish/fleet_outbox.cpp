#include "publish/fleet_outbox.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace rearview {

FleetOutbox::FleetOutbox(const std::filesystem::path& folder, const std::string& name,
                         const Start& start, double pause_s, Read read)
    : file_(folder, name),
      pause_s_(pause_s),
      read_(std::move(read)),
      done_(start.begin),
      kept_(start.begin + 1) {
  if (const auto kept = file_.load()) done_ = std::min(kept->after, start.newest);
  sent_ = done_;
}

const FleetOutbox::Entry* FleetOutbox::next() {
  if (page_.empty()) {
    const SteadyTime now = SteadyClock::now();
    if (seconds_between(read_at_, now) < pause_s_) return nullptr;
    Page page = read_(sent_);
    page_.assign(std::make_move_iterator(page.entries.begin()),
                 std::make_move_iterator(page.entries.end()));
    if (page_.empty()) {
      read_at_ = now;
      if (sent_ == done_ && page.up_to > sent_) sent_ = done_ = page.up_to;
      return nullptr;
    }
  }
  return &page_.front();
}

void FleetOutbox::sent() {
  sent_ = page_.front().id;
  page_.pop_front();
}

void FleetOutbox::again() {
  page_.clear();
  sent_ = done_;
  read_at_ = {};
}

void FleetOutbox::remember(const std::string& history) {
  if (std::exchange(kept_, done_) != done_) file_.save({done_, history});
}

}  // namespace rearview

#include "publish/alert_feed.h"

#include <algorithm>

namespace rearview {
namespace {

constexpr std::size_t kPage = 64;

}  // namespace

const KeptAlert* AlertFeed::next() {
  if (!page_.empty()) return &page_.front();
  // Asked for first: an alert that comes in between has a greater id and isn't passed over.
  const std::uint64_t newest = history_.newest_id();
  if (newest <= position_) return nullptr;
  AlertQuery query;
  query.after = position_;
  query.limit = kPage;
  for (KeptAlert& alert : history_.alerts(query)) page_.push_back(std::move(alert));
  if (!page_.empty()) return &page_.front();
  position_ = newest;
  return nullptr;
}

void AlertFeed::done() {
  position_ = page_.front().id;
  page_.pop_front();
}

void AlertFeed::seek(std::uint64_t after) {
  page_.clear();
  position_ = std::min(after, history_.newest_id());
}

std::uint64_t AlertFeed::waiting() const {
  const std::uint64_t newest = history_.newest_id();
  return newest > position_ ? newest - position_ : 0;
}

}  // namespace rearview

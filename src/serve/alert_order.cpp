#include "serve/alert_order.h"

#include <algorithm>
#include <limits>

namespace rearview {
namespace {

constexpr std::size_t kRecent = 512;

}  // namespace

void AlertOrder::send(std::uint64_t id, EventText text, Step& step) {
  tail_ = id;
  recent_.emplace_back(id, text);
  if (recent_.size() > kRecent) {
    forgotten_ = recent_.front().first;
    recent_.pop_front();
  }
  step.ready.emplace_back(id, std::move(text));
}

void AlertOrder::send_waiting(Step& step, std::uint64_t known) {
  while (!waiting_.empty() && waiting_.begin()->first <= std::max(tail_ + 1, known)) {
    auto next = waiting_.extract(waiting_.begin());
    if (next.key() > tail_) send(next.key(), std::move(next.mapped()), step);
  }
}

AlertOrder::Step AlertOrder::published(std::uint64_t id, EventText text) {
  Step step;
  if (id <= tail_) {
    const bool sent = std::any_of(recent_.begin(), recent_.end(),
                                  [id](const Numbered& one) { return one.first == id; });
    if (!sent) step.late.emplace_back(id, std::move(text));
    return step;
  }
  waiting_.emplace(id, std::move(text));
  send_waiting(step, 0);
  if (!waiting_.empty() && !asked_) asked_ = step.ask_history = true;
  return step;
}

AlertOrder::Step AlertOrder::filled(const std::vector<Numbered>& found, bool all) {
  Step step;
  for (const auto& [id, text] : found) waiting_.try_emplace(id, text);
  const std::uint64_t last = found.empty() ? 0 : found.back().first;
  send_waiting(step, all ? std::numeric_limits<std::uint64_t>::max() : last);
  asked_ = step.ask_history = !waiting_.empty();
  return step;
}

}  // namespace rearview

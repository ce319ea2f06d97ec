#include "serve/alert_order.h"

#include <algorithm>

namespace rearview {
namespace {

constexpr std::size_t kRecent = 512;

}  // namespace

void AlertOrder::send(std::uint64_t id, http::Bytes text, Step& step) {
  tail_ = id;
  recent_.emplace_back(id, text);
  if (recent_.size() > kRecent) recent_.pop_front();
  step.ready.emplace_back(id, std::move(text));
}

void AlertOrder::send_waiting(Step& step, bool skip_gaps) {
  while (!waiting_.empty() && (skip_gaps || waiting_.begin()->first <= tail_ + 1)) {
    auto next = waiting_.extract(waiting_.begin());
    if (next.key() > tail_) send(next.key(), std::move(next.mapped()), step);
  }
}

AlertOrder::Step AlertOrder::published(std::uint64_t id, http::Bytes text) {
  Step step;
  if (id <= tail_) {
    const bool sent = std::any_of(recent_.begin(), recent_.end(),
                                  [id](const Numbered& one) { return one.first == id; });
    if (!sent) step.late.emplace_back(id, std::move(text));
    return step;
  }
  waiting_.emplace(id, std::move(text));
  send_waiting(step, false);
  if (!waiting_.empty() && !asked_) asked_ = step.ask_history = true;
  return step;
}

AlertOrder::Step AlertOrder::filled(const std::vector<Numbered>& found) {
  asked_ = false;
  Step step;
  for (const auto& [id, text] : found) waiting_.try_emplace(id, text);
  send_waiting(step, true);
  return step;
}

}  // namespace rearview

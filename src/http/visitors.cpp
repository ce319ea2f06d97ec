#include "http/visitors.h"

#include <algorithm>

namespace rearview::http {
namespace {

constexpr double kBurst_s = 2;

}  // namespace

Visitors::Open Visitors::open(const Address& address) const {
  const auto found = visitors_.find(address);
  return found == visitors_.end() ? Open() : found->second.open;
}

bool Visitors::may_ask(const Address& address, SteadyTime now) {
  Visitor& visitor = visitors_[address];
  const double forgotten = seconds_between(visitor.asked_at, now) * requests_per_s_;
  const double requests = std::max(0.0, visitor.requests - forgotten) + 1;
  if (requests > kBurst_s * requests_per_s_) return false;
  visitor.requests = requests;
  visitor.asked_at = now;
  return true;
}

void Visitors::forget_absent(SteadyTime now) {
  std::erase_if(visitors_, [now](const auto& one) {
    const Visitor& visitor = one.second;
    return visitor.open.connections == 0 && seconds_between(visitor.asked_at, now) > kBurst_s;
  });
}

}  // namespace rearview::http

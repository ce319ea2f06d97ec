#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "serve/event_text.h"

namespace rearview {

/// Brings alerts that several threads publish into the order of their ids, and remembers the last
/// of them. One thread.
class AlertOrder {
 public:
  using Numbered = std::pair<std::uint64_t, EventText>;

  /// tail: the greatest id given out so far.
  explicit AlertOrder(std::uint64_t tail) : tail_(tail) {}

  struct Step {
    std::vector<Numbered> ready;  ///< to be sent now, in order
    /// Came after greater ids had been sent and wasn't among them: to be sent all the same.
    std::vector<Numbered> late;
    /// Ids are missing before one that waits: ask the history for what follows tail() and call
    /// filled(). Asked once per gap.
    bool ask_history = false;
  };
  Step published(std::uint64_t id, EventText text);
  /// What the history holds after tail(), oldest first; what it lacks doesn't exist. all: it was
  /// not cut short by a limit.
  Step filled(const std::vector<Numbered>& found, bool all);

  std::uint64_t tail() const { return tail_; }
  /// The last alerts that were sent, oldest first.
  const std::deque<Numbered>& recent() const { return recent_; }
  /// Whether those are all that were sent after this id.
  bool remembers_all_after(std::uint64_t id) const { return id >= forgotten_; }

 private:
  void send(std::uint64_t id, EventText text, Step& step);
  /// Gaps before known are gone over: nothing is in them.
  void send_waiting(Step& step, std::uint64_t known);

  std::uint64_t tail_;
  std::map<std::uint64_t, EventText> waiting_;
  bool asked_ = false;
  std::uint64_t forgotten_ = 0;  ///< the newest that recent_ no longer has
  std::deque<Numbered> recent_;
};

}  // namespace rearview

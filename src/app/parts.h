#pragma once

#include <functional>
#include <vector>

namespace rearview {

/// What a program runs, in one table: begun in its order, stopped in reverse. One thread.
class Parts {
 public:
  struct Part {
    std::function<void()> start;  ///< may throw
    std::function<void()> stop;
  };
  Parts() = default;
  /// Stops. What the parts use is declared before this.
  ~Parts() { stop(); }
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  void add(Part part) { parts_.push_back(std::move(part)); }
  /// Where a part throws, that and those begun before it are stopped, and the exception goes on.
  void start();
  /// Harmless before start() and when called again.
  void stop();

 private:
  std::vector<Part> parts_;
  std::size_t begun_ = 0;
};

}  // namespace rearview

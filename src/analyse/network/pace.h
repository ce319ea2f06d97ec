#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace rearview {

/// Tells how much of the network's work there is time for: pictures that nobody had time to analyse
/// are gaps in their numbers. Steps are numbered from 0, all of the work, to the least work.
///
/// Where pictures are lost and too few are left, there is time for one step less; where none is
/// lost for long, one step more is tried, and after each try that failed it waits twice as long for
/// the next. A recording is analysed picture by picture, so that it always keeps to step 0. One
/// thread.
class Pace {
 public:
  /// steps: how many there are, 1 at least.
  explicit Pace(std::size_t steps);

  /// Once for each picture that is analysed. Whether the step is another one from now on.
  bool see(std::uint64_t seq, double t_s);

  std::size_t step() const { return step_; }
  /// Pictures analysed and pictures there were, a second, when the step was last judged; 0 before.
  double analysed_per_s() const { return analysed_per_s_; }
  double offered_per_s() const { return offered_per_s_; }

  /// The pictures that follow have nothing to do with those before. What was found out stays.
  void reset() { window_.reset(); }

 private:
  struct Window {
    std::uint64_t seq = 0;
    double t_s = 0;
    std::uint64_t analysed = 0;
  };

  bool judge(double span_s);

  std::size_t steps_;
  std::size_t step_ = 0;
  std::optional<Window> window_;
  double analysed_per_s_ = 0;
  double offered_per_s_ = 0;
  double calm_s_ = 0;  ///< for how long no picture was lost
  bool trying_ = false;
  double wait_s_;
};

}  // namespace rearview

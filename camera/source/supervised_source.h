#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "base/now.h"
#include "camera/source/freeze_watch.h"
#include "camera/source/source.h"

namespace rearview::camera {

/// Keeps a source that may fail (a device, a child process, a network) going: when it fails it is
/// opened again, at once and then after ever longer pauses, while everything behind it goes on. One
/// that has frozen is opened again, too, but its pictures go on in between: darkness looks alike.
class SupervisedSource : public CodedSource {
 public:
  /// Throws std::runtime_error, or UsageError, when the source can't be opened now.
  using Open = std::function<std::unique_ptr<CodedSource>(std::stop_token stop)>;
  struct Pauses {
    double shortest_s = 0.5;
    double longest_s = 8;
    double shortest_frozen_s = 2;  ///< between two tries with one that stays frozen
    double longest_frozen_s = 64;
  };
  /// frozen_s: see FreezeWatch; now: by which it is judged.
  SupervisedSource(std::string name, Open open, Pauses pauses, double frozen_s,
                   Now now = SteadyClock::now);

  /// Throws nothing: it goes on trying until stop is asked for.
  std::optional<CodedPicture> next(std::stop_token stop) override;
  bool request_idr() noexcept override;
  SourceInfo info() const override;
  std::uint64_t dropped() const noexcept override;
  std::optional<std::string> problem() const override;

 private:
  void fail(const std::string& why);
  void look_at_picture(SteadyTime now);
  void set_problem(std::optional<std::string> problem);
  void close();

  const std::string name_;
  const Open open_;
  const Pauses pauses_;
  const Now now_;
  double pause_s_ = 0;  // before the next try
  FreezeWatch freeze_;
  std::uint64_t changes_ = 0;
  double frozen_pause_s_ = 0;
  SteadyTime next_frozen_try_;

  mutable Mutex mutex_;
  std::unique_ptr<CodedSource> source_;  // changed under it by the thread of next()
  SourceInfo info_ GUARDED_BY(mutex_);
  std::optional<std::string> problem_ GUARDED_BY(mutex_) = "not opened yet";
};

}  // namespace rearview::camera

#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <random>
#include <vector>

#include "camera/coded_picture.h"
#include "camera/faults/fault_script.h"

namespace rearview::camera {

/// Stands before the stream server and does to the stream what the script says; what is recorded
/// stays whole. One thread.
class FaultPlayer {
 public:
  /// What it acts on.
  struct Stream {
    std::function<void(CodedPicturePtr)> publish;
    std::function<void()> cut;                     ///< close every connection
    std::function<void(bool)> join_anywhere;       ///< joining clients needn't wait for an IDR
    std::function<void(std::optional<int>)> slow;  ///< kbit/s for each client; nullopt: no limit
    std::function<void()> request_idr;
  };
  FaultPlayer(FaultScript script, Stream stream);

  void publish(CodedPicturePtr picture);

 private:
  bool active(FaultKind kind, double t_s) const;
  const Fault* find(FaultKind kind, double t_s) const;
  void act_on_connections(double t_s);
  CodedPicturePtr spoiled(CodedPicturePtr picture, double t_s);
  bool happens(double share);

  const FaultScript script_;
  const Stream stream_;
  std::mt19937_64 random_;
  std::optional<SteadyTime> start_;
  double last_cut_s_ = -1;
  bool joins_anywhere_ = false;
  std::optional<int> rate_kbps_;
  bool stalled_ = false;
  std::deque<CodedPicturePtr> held_;
};

}  // namespace rearview::camera

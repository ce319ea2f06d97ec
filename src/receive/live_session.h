#pragma once

#include <map>
#include <optional>

#include "receive/decoder.h"
#include "receive/picture_clock.h"
#include "receive/receiver.h"

namespace rearview {

/// What goes on over all connections of a receiver. Used in its thread.
struct LiveTimeline {
  std::uint32_t epoch = 0;
  std::uint64_t next_seq = 1;
  std::optional<SteadyTime> first_taken;  ///< of the first frame: stream time 0
  std::uint64_t newest_frame_seq = 0;
  double newest_frame_t_s = 0;
};

/// One connection's way from access units to frames. One thread.
class LiveSession {
 public:
  LiveSession(LiveTimeline& timeline, Decoder& decoder, const Receiver::OnFrame& on_frame,
              const Receiver::OnAccessUnit& on_access_unit);

  /// h264_stream: give it to on_access_unit too.
  void take(TimedAccessUnit timed, bool h264_stream, bool keyframe);
  std::uint64_t access_units() const { return access_units_; }
  /// Last frame given out; the session's start before the first.
  SteadyTime newest_frame() const { return newest_frame_; }

 private:
  struct Times {
    SteadyTime received;
    SteadyTime taken;  // estimated
  };

  void give(Decoder::Picture picture);

  LiveTimeline& timeline_;
  Decoder& decoder_;
  const Receiver::OnFrame& on_frame_;
  const Receiver::OnAccessUnit& on_access_unit_;
  PictureClock clock_;
  std::map<std::int64_t, Times> times_;  // by seq, of those that may become frames yet
  std::uint64_t access_units_ = 0;
  SteadyTime newest_frame_;
};

}  // namespace rearview

#include "receive/live_session.h"

#include <algorithm>
#include <utility>

namespace rearview {
namespace {

// More than any decoder holds back.
constexpr std::size_t kMostInside = 64;

}  // namespace

LiveSession::LiveSession(LiveTimeline& timeline, Decoder& decoder,
                         const Receiver::OnFrame& on_frame,
                         const Receiver::OnAccessUnit& on_access_unit)
    : timeline_(timeline),
      decoder_(decoder),
      on_frame_(on_frame),
      on_access_unit_(on_access_unit),
      newest_frame_(SteadyClock::now()) {}

void LiveSession::take(TimedAccessUnit timed, bool h264_stream, bool keyframe) {
  ++access_units_;
  const auto seq = static_cast<std::int64_t>(timeline_.next_seq++);
  const SteadyTime taken = clock_.taken(timed.received);
  if (times_.size() >= kMostInside) times_.erase(times_.begin());
  times_.emplace(seq, Times{timed.received, taken});
  auto kept = std::make_shared<LiveAccessUnit>();
  kept->bytes = std::move(timed.unit.bytes);
  kept->idr = timed.unit.idr;
  kept->has_parameter_sets = timed.unit.has_parameter_sets;
  kept->epoch = timeline_.epoch;
  kept->seq = static_cast<std::uint64_t>(seq);
  if (timeline_.first_taken)
    kept->t_s = std::max(0.0, seconds_between(*timeline_.first_taken, taken));
  kept->received = timed.received;
  // Before it is decoded here, so that who decodes it elsewhere needn't wait.
  if (h264_stream && on_access_unit_) on_access_unit_(kept);

  const Decoder::Sink sink = [this](Decoder::Picture picture) { give(std::move(picture)); };
  if (timed.after_loss) decoder_.lost(sink);
  decoder_.decode(kept->bytes, seq, sink, keyframe);
}

void LiveSession::give(Decoder::Picture picture) {
  auto frame = std::make_shared<Frame>(std::move(picture.planes));
  frame->decoded = newest_frame_ = SteadyClock::now();
  // With B-frames the n-th picture shown takes number and time of the n-th access unit, as in
  // clips: times then rise as evenly as they came.
  const auto found = times_.find(picture.place);
  const Times times = found != times_.end() ? found->second : Times{frame->decoded, frame->decoded};
  frame->received = times.received;
  frame->time = WallClock::now() -
                std::chrono::duration_cast<WallClock::duration>(frame->decoded - frame->received);
  frame->epoch = timeline_.epoch;
  // Whatever a damaged stream does, number and time never go back.
  frame->seq = std::max(static_cast<std::uint64_t>(picture.place), timeline_.newest_frame_seq + 1);
  if (!timeline_.first_taken) timeline_.first_taken = times.taken;
  frame->t_s =
      std::max(timeline_.newest_frame_t_s, seconds_between(*timeline_.first_taken, times.taken));
  timeline_.newest_frame_seq = frame->seq;
  timeline_.newest_frame_t_s = frame->t_s;
  // Without reordering nothing older comes any more.
  if (found != times_.end()) times_.erase(found);
  on_frame_(std::move(frame));
}

}  // namespace rearview

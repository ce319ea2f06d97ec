#include "receive/receiver.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <deque>
#include <exception>
#include <stdexcept>
#include <thread>
#include <utility>

#include "base/log.h"
#include "base/mutex.h"
#include "base/printable_url.h"
#include "base/sleep.h"
#include "base/tcp_connection.h"
#include "base/thrown.h"
#include "receive/coded_orientation.h"
#include "receive/decoder.h"
#include "receive/libav_input.h"
#include "receive/live_session.h"
#include "receive/recording_reader.h"
#include "receive/stream_guess.h"
#include "receive/stream_url.h"

namespace rearview {
namespace {

using std::chrono::milliseconds;

/// Counters of the connections that have ended, and of the one that stands.
struct Counts {
  std::uint64_t bytes = 0;
  std::uint64_t access_units = 0;
  std::uint64_t frames = 0;
  std::uint64_t corrupt = 0;
  std::uint64_t missing_reference = 0;
  std::uint64_t waiting = 0;
  std::uint64_t oversized_nal_units = 0;
  std::uint64_t oversized_access_units = 0;
  std::uint64_t unfinished = 0;
  std::uint64_t cut = 0;
  std::uint64_t discarded_bytes = 0;

  void add(const Counts& other) {
    bytes += other.bytes;
    access_units += other.access_units;
    frames += other.frames;
    corrupt += other.corrupt;
    missing_reference += other.missing_reference;
    waiting += other.waiting;
    oversized_nal_units += other.oversized_nal_units;
    oversized_access_units += other.oversized_access_units;
    unfinished += other.unfinished;
    cut += other.cut;
    discarded_bytes += other.discarded_bytes;
  }
  void take(const DecoderCounts& decoder) {
    frames = decoder.pictures;
    corrupt = decoder.corrupt;
    missing_reference = decoder.missing_reference;
    waiting = decoder.waiting;
  }
  void take(const AccessUnitStream& stream) {
    oversized_nal_units = stream.oversized_nal_units();
    oversized_access_units = stream.oversized_access_units();
    discarded_bytes = stream.discarded_bytes();
    cut = stream.cut();
  }
};

/// The connection is no good any more; what() says why.
class LinkLost : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What a callback throws must not pass for a lost connection, so only these calls' errors do.
template <typename Call>
auto on_the_link(Call call) {
  try {
    return call();
  } catch (const std::runtime_error& error) {
    throw LinkLost(error.what());
  }
}

}  // namespace

struct Receiver::State {
  const ReceiverConfig config;
  const OnFrame on_frame;
  const OnEvent on_event;
  const OnAccessUnit on_access_unit;
  LiveTimeline timeline;
  std::optional<std::string> told;  // text of the last `connecting`
  bool begun = false;
  std::string told_codec;  // of the last stream that can't be given on, and why

  mutable Mutex mutex;
  std::uint64_t connections GUARDED_BY(mutex) = 0;
  std::uint64_t failed_attempts GUARDED_BY(mutex) = 0;
  Counts ended GUARDED_BY(mutex);
  Counts standing GUARDED_BY(mutex);

  void publish(const Counts& counts) {
    const MutexLock lock(mutex);
    standing = counts;
  }

  void tell(LinkEvent::Kind kind, const std::string& text) {
    if (on_event) on_event({kind, text, timeline.epoch});
  }

  // One that keeps failing in the same way is told once.
  void tell_connecting(const std::string& reason) {
    if (told == reason) return;
    told = reason;
    log::info("receive", reason.empty() ? "connecting" : "not connected, trying again",
              {{"url", printable_url(config.url)}, {"reason", reason}});
    tell(LinkEvent::Kind::connecting, reason);
  }

  void connected() {
    told.reset();
    ++timeline.epoch;
    {
      const MutexLock lock(mutex);
      ++connections;
    }
    log::info("receive", "connected",
              {{"url", printable_url(config.url)}, {"epoch", timeline.epoch}});
    tell(LinkEvent::Kind::connected, "");
  }

  /// Whether the access units can go to on_access_unit: H.264 that is upright as it is.
  bool can_give_on(const std::string& codec, bool turned) {
    if (!on_access_unit) return false;
    if (codec == "h264" && !turned) return true;
    tell_not_given_on(codec, codec == "h264" ? "turned by its container" : "not H.264");
    return false;
  }

  /// The same of the next access unit, of which the stream itself may say that it is turned.
  bool can_give_on(CodedOrientation& orientation, const h264::AccessUnit& unit) {
    orientation.next(unit.idr, unit.display_orientation);
    if (orientation.now().upright()) return true;
    if (on_access_unit) tell_not_given_on("h264", "turned by its stream");
    return false;
  }

  void tell_not_given_on(const std::string& codec, const std::string& why) {
    if (std::exchange(told_codec, codec + why) != codec + why)
      log::warning("receive", why + ": there will be no clips and no original video",
                   {{"url", printable_url(config.url)}, {"codec", codec}});
  }

  void check_pictures(const LiveSession& session, const Decoder& decoder) const {
    if (std::string problem = decoder.size_problem(); !problem.empty()) throw LinkLost(problem);
    if (ms_between(session.newest_frame(), SteadyClock::now()) <= config.picture_timeout_ms) return;
    std::string text = fmt::format("data, but no picture that can be decoded for {:.1f} s",
                                   config.picture_timeout_ms / 1000.0);
    if (const std::string why = decoder.why_no_picture(); !why.empty()) text += ": " + why;
    throw LinkLost(text);
  }

  void run_tcp(const Endpoint& endpoint, const std::stop_token& stop);
  void run_libav(const std::stop_token& stop);
  void run_file(const std::stop_token& stop);
  void run_once(const std::stop_token& stop);
};

void Receiver::State::run_tcp(const Endpoint& endpoint, const std::stop_token& stop) {
  TcpConnection connection(stop);
  on_the_link([&] { connection.connect(endpoint, milliseconds(config.connect_timeout_ms)); });
  connected();
  AccessUnitStream stream(config.quiet_flush_ms);
  StreamGuess guess;
  Decoder decoder(config.decoder_threads);
  LiveSession session(timeline, decoder, on_frame, on_access_unit);
  CodedOrientation orientation;
  const AccessUnitStream::Sink sink = [&](TimedAccessUnit timed) {
    // One read can hold many small pictures.
    if (stop.stop_requested()) return;
    const bool give_on = can_give_on(orientation, timed.unit);
    session.take(std::move(timed), give_on, false);
  };
  Counts counts;
  const auto count = [&] {
    counts.access_units = session.access_units();
    counts.take(decoder.counts());
    counts.take(stream);
    publish(counts);
  };
  std::array<std::uint8_t, 65536> buffer;
  SteadyTime newest_data = SteadyClock::now();
  const auto read_timeout = milliseconds(config.read_timeout_ms);
  for (;;) {
    const auto quiet = stream.quiet_wait();
    const auto left = std::chrono::duration_cast<std::chrono::microseconds>(
        newest_data + read_timeout - SteadyClock::now());
    const auto read = connection.read(
        buffer, std::max(std::chrono::microseconds(0), quiet ? std::min(*quiet, left) : left));
    const SteadyTime now = SteadyClock::now();
    switch (read.status) {
      case TcpConnection::Status::data:
        newest_data = now;
        counts.bytes += read.bytes;
        if (const auto other = guess.push(std::span(buffer).first(read.bytes), now))
          throw LinkLost(fmt::format("what comes is no H.264 (Annex B); it looks like {}", *other));
        stream.push(std::span(buffer).first(read.bytes), now, sink);
        break;
      case TcpConnection::Status::quiet:
        if (now - newest_data >= read_timeout) {
          if (stream.has_open_picture()) ++counts.unfinished;
          count();
          throw LinkLost(fmt::format("nothing came for {:.1f} s", config.read_timeout_ms / 1000.0));
        }
        stream.quiet(sink);
        break;
      case TcpConnection::Status::closed:
        // Whether the last picture is whole can't be known.
        if (stream.has_open_picture()) ++counts.unfinished;
        count();
        throw LinkLost(read.reason);
      case TcpConnection::Status::stopped:
        count();
        return;
    }
    count();
    check_pictures(session, decoder);
  }
}

void Receiver::State::run_libav(const std::stop_token& stop) {
  const LibavInput::Options options{stop, true, config.connect_timeout_ms, config.read_timeout_ms};
  const auto opened =
      on_the_link([&] { return std::make_unique<LibavInput>(config.url, options); });
  LibavInput& input = *opened;
  const auto made = on_the_link([&] {
    return std::make_unique<Decoder>(input.parameters(), config.decoder_threads,
                                     input.orientation());
  });
  Decoder& decoder = *made;
  connected();
  const bool give_on = can_give_on(input.codec(), !input.orientation().upright());
  LiveSession session(timeline, decoder, on_frame, on_access_unit);
  CodedOrientation orientation;
  Counts counts;
  LibavInput::Packet packet;
  while (!stop.stop_requested()) {
    const auto status = input.read(packet);
    if (stop.stop_requested()) return;
    if (status != LibavInput::Status::packet)
      throw LinkLost(status == LibavInput::Status::end ? "ended by the camera" : input.error());
    TimedAccessUnit timed;
    timed.received = SteadyClock::now();
    if (input.is_h264())
      timed.unit = input.access_unit(packet);
    else
      timed.unit.bytes.assign(packet.bytes.begin(), packet.bytes.end());
    counts.bytes += packet.bytes.size();
    const bool upright = give_on && can_give_on(orientation, timed.unit);
    session.take(std::move(timed), upright, packet.keyframe);
    counts.access_units = session.access_units();
    counts.take(decoder.counts());
    publish(counts);
    check_pictures(session, decoder);
  }
}

namespace {

/// Access units of a recording that were read ahead of the picture that they are told with: as many
/// as a decoder holds back, and no more.
class ReadAhead {
 public:
  struct Unit {
    h264::AccessUnit unit;
    std::uint64_t seq = 0;
  };

  void put(h264::AccessUnit unit, std::uint64_t seq) {
    if (units_.size() >= kMost) {  // no picture comes of them
      units_.clear();
      skipping_ = true;
    }
    skipping_ = skipping_ && !unit.idr;
    if (!skipping_) units_.push_back({std::move(unit), seq});
  }
  /// The next one, if it is due with the frame of this number.
  std::optional<Unit> take(std::uint64_t frame_seq) {
    if (units_.empty() || units_.front().seq > frame_seq) return std::nullopt;
    Unit unit = std::move(units_.front());
    units_.pop_front();
    return unit;
  }

 private:
  static constexpr std::size_t kMost = 64;
  std::deque<Unit> units_;
  bool skipping_ = false;
};

}  // namespace

// A recording in the place of a camera, in its own time.
void Receiver::State::run_file(const std::stop_token& stop) {
  ReadAhead ahead;
  bool give_on = false;
  RecordingReader::OnAccessUnit keep;
  CodedOrientation orientation;
  if (on_access_unit)
    keep = [&](h264::AccessUnit unit, std::uint64_t seq) {
      if (can_give_on(orientation, unit)) ahead.put(std::move(unit), seq);
    };
  const auto opened = on_the_link([&] {
    return std::make_unique<RecordingReader>(
        config.url, config.file_fps > 0 ? std::optional(config.file_fps) : std::nullopt,
        config.decoder_threads, stop, keep);
  });
  RecordingReader& reader = *opened;
  connected();
  give_on = can_give_on(reader.codec(), reader.is_turned());
  SteadyTime start;        // of the recording's time
  std::uint32_t part = 0;  // between two jumps of its time
  const std::uint64_t before = timeline.next_seq - 1;
  Counts counts;
  while (const FramePtr read = on_the_link([&] { return reader.next(); })) {
    if (std::exchange(part, read->epoch) != read->epoch) {
      // To get the first picture took time; and nobody waits for what isn't there: behind a jump it
      // goes on at once, as another connection would.
      start = SteadyClock::now() - std::chrono::duration_cast<SteadyClock::duration>(
                                       std::chrono::duration<double>(read->t_s));
      if (part > 1) ++timeline.epoch;
    }
    const auto due = start + std::chrono::duration_cast<SteadyClock::duration>(
                                 std::chrono::duration<double>(read->t_s));
    if (!sleep_until(stop, due)) return;
    auto frame = std::make_shared<Frame>(read->planes());
    frame->epoch = timeline.epoch;
    frame->seq = timeline.newest_frame_seq = before + read->seq;
    timeline.next_seq = frame->seq + 1;
    frame->received = frame->decoded = SteadyClock::now();
    frame->time = WallClock::now();
    if (!timeline.first_taken) timeline.first_taken = due;
    frame->t_s = seconds_between(*timeline.first_taken, due);
    while (auto one = ahead.take(read->seq)) {
      auto unit = std::make_shared<LiveAccessUnit>();
      unit->bytes = std::move(one->unit.bytes);
      unit->idr = one->unit.idr;
      unit->has_parameter_sets = one->unit.has_parameter_sets;
      unit->epoch = frame->epoch;
      unit->seq = before + one->seq;
      unit->t_s = frame->t_s;
      unit->received = due;  // a clip has the recording's own times
      if (give_on) on_access_unit(std::move(unit));
    }
    on_frame(std::move(frame));
    counts.access_units = reader.access_units();
    counts.take(reader.counts());
    publish(counts);
  }
  const std::string why = reader.why_no_picture();
  throw LinkLost(why.empty() ? "the recording has ended" : why);
}

void Receiver::State::run_once(const std::stop_token& stop) {
  if (const auto endpoint = tcp_address(config.url))
    run_tcp(*endpoint, stop);
  else if (is_file(config.url))
    run_file(stop);
  else
    run_libav(stop);
}

Receiver::Receiver(ReceiverConfig config, OnFrame on_frame, OnEvent on_event,
                   OnAccessUnit on_access_unit, std::uint32_t first_epoch)
    : state_(new State{std::move(config), std::move(on_frame), std::move(on_event),
                       std::move(on_access_unit)}) {
  state_->timeline.epoch = first_epoch;
}

Receiver::~Receiver() = default;

void Receiver::run(std::stop_token stop) {
  State& s = *state_;
  const auto shortest = milliseconds(s.config.backoff_min_ms);
  auto pause = shortest;
  if (!std::exchange(s.begun, true)) s.tell_connecting("");
  while (!stop.stop_requested()) {
    const std::uint32_t epoch_before = s.timeline.epoch;
    const std::uint64_t seq_before = s.timeline.newest_frame_seq;
    std::string reason;
    std::exception_ptr fault;
    try {
      s.run_once(stop);
    } catch (const LinkLost& lost) {
      reason = lost.what();
    } catch (...) {
      fault = std::current_exception();
      reason = thrown();
    }
    {
      const MutexLock lock(s.mutex);
      s.ended.add(s.standing);
      s.standing = {};
      if (s.timeline.epoch == epoch_before) ++s.failed_attempts;
    }
    if (stop.stop_requested()) return;
    if (s.timeline.epoch != epoch_before) {
      log::warning("receive", "connection lost",
                   {{"url", printable_url(s.config.url)}, {"reason", reason}});
      s.tell(LinkEvent::Kind::lost, reason);
    } else {
      s.tell_connecting(reason);
    }
    if (fault) std::rethrow_exception(fault);
    // Only pictures show that a camera is back, not a port that accepts and closes.
    if (s.timeline.newest_frame_seq != seq_before) pause = shortest;
    sleep_until(stop, SteadyClock::now() + pause);
    pause = std::min(2 * pause, milliseconds(s.config.backoff_max_ms));
  }
}

ReceiverStats Receiver::stats() const {
  const MutexLock lock(state_->mutex);
  Counts all = state_->ended;
  all.add(state_->standing);
  ReceiverStats stats;
  stats.connections = state_->connections;
  stats.failed_attempts = state_->failed_attempts;
  stats.bytes = all.bytes;
  stats.access_units = all.access_units;
  stats.frames = all.frames;
  stats.discarded_bytes = all.discarded_bytes;
  stats.cut_by_silence = all.cut;
  stats.drops = {{"corrupt", all.corrupt},
                 {"missing_reference", all.missing_reference},
                 {"waiting_for_keyframe", all.waiting},
                 {"oversized_nal_unit", all.oversized_nal_units},
                 {"oversized_access_unit", all.oversized_access_units},
                 {"unfinished_at_disconnect", all.unfinished}};
  return stats;
}

}  // namespace rearview

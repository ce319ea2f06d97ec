#include "receive/recording_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <deque>
#include <filesystem>
#include <map>
#include <stdexcept>

#include "base/error.h"
#include "base/printable_url.h"
#include "receive/access_unit_stream.h"
#include "receive/libav_input.h"
#include "receive/raw_file.h"
#include "receive/stream_url.h"

namespace rearview {

/// Where access units come from, and when their pictures are shown.
class RecordingReader::Source {
 public:
  struct Timed {
    Planes planes;
    double t_s = 0;
    std::uint64_t seq = 0;
  };

  explicit Source(OnAccessUnit on_access_unit) : on_access_unit_(std::move(on_access_unit)) {}
  virtual ~Source() = default;
  virtual std::string codec() const = 0;
  virtual double fps() const = 0;
  virtual std::optional<double> duration_s() const = 0;

  std::optional<Timed> next() {
    while (ready_.empty() && !ended_) ended_ = !read_more();
    if (ready_.empty()) return std::nullopt;
    Timed timed = std::move(ready_.front());
    ready_.pop_front();
    return timed;
  }
  std::uint64_t access_units() const { return access_units_; }
  virtual const DecoderCounts& counts() const = 0;

 protected:
  /// Decodes some more; false at the end.
  virtual bool read_more() = 0;

  std::deque<Timed> ready_;
  std::uint64_t access_units_ = 0;
  const OnAccessUnit on_access_unit_;

 private:
  bool ended_ = false;
};

class RecordingReader::RawSource : public RecordingReader::Source {
 public:
  RawSource(RawFile file, double fps, int threads, OnAccessUnit on_access_unit)
      : Source(std::move(on_access_unit)), file_(std::move(file)), fps_(fps), decoder_(threads) {
    count_pictures();
  }
  std::string codec() const override { return "h264"; }
  double fps() const override { return fps_; }
  std::optional<double> duration_s() const override { return duration_s_; }
  const DecoderCounts& counts() const override { return decoder_.counts(); }

 private:
  bool read_more() override {
    if (units_.empty() && !read_units()) {
      if (!finished_) decoder_.finish(sink());
      finished_ = true;
      return !ready_.empty();
    }
    TimedAccessUnit timed = std::move(units_.front());
    units_.pop_front();
    const auto index = static_cast<std::int64_t>(access_units_++);
    if (timed.after_loss) decoder_.lost(sink());
    decoder_.decode(timed.unit.bytes, index, sink());
    if (on_access_unit_)
      on_access_unit_(std::move(timed.unit), static_cast<std::uint64_t>(index) + 1);
    return true;
  }

  bool read_units() {
    const AccessUnitStream::Sink keep = [this](TimedAccessUnit timed) {
      units_.push_back(std::move(timed));
    };
    while (units_.empty() && !at_end_) {
      const std::size_t size = file_.read(buffer_);
      if (size > 0) stream_.push(std::span(buffer_).first(size), SteadyTime{}, keep);
      if (size == buffer_.size()) continue;
      at_end_ = true;
      stream_.end(keep);
    }
    return !units_.empty();
  }

  Decoder::Sink sink() {
    return [this](Decoder::Picture picture) {
      ready_.push_back({std::move(picture.planes), static_cast<double>(picture.place) / fps_,
                        static_cast<std::uint64_t>(picture.place) + 1});
    };
  }

  // The length is what progress is measured by; memchr over a long recording takes a moment, so
  // it is left out for very long ones.
  void count_pictures() {
    constexpr std::uint64_t kMostBytes = 512 << 20;
    AccessUnitStream stream(0);
    std::uint64_t pictures = 0;
    std::uint64_t bytes = 0;
    const AccessUnitStream::Sink count = [&](const TimedAccessUnit&) { ++pictures; };
    for (;;) {
      const std::size_t size = file_.read(buffer_);
      stream.push(std::span(buffer_).first(size), SteadyTime{}, count);
      bytes += size;
      if (size < buffer_.size()) break;
      if (bytes > kMostBytes) {
        file_.rewind();
        return;
      }
    }
    stream.end(count);
    file_.rewind();
    duration_s_ = static_cast<double>(pictures) / fps_;
  }

  RawFile file_;
  double fps_;
  std::optional<double> duration_s_;
  Decoder decoder_;
  AccessUnitStream stream_{0};
  std::deque<TimedAccessUnit> units_;
  std::array<std::uint8_t, 65536> buffer_{};
  bool at_end_ = false;
  bool finished_ = false;
};

class RecordingReader::LibavSource : public RecordingReader::Source {
 public:
  LibavSource(const std::string& input, double fps, int threads, std::stop_token stop,
              OnAccessUnit on_access_unit)
      : Source(std::move(on_access_unit)),
        input_(input, options(input, std::move(stop))),
        fps_(fps),
        decoder_(input_.parameters(), threads) {
    if (const auto own = input_.fps()) fps_ = *own;
  }
  std::string codec() const override { return input_.codec(); }
  double fps() const override { return fps_; }
  std::optional<double> duration_s() const override { return input_.duration_s(); }
  const DecoderCounts& counts() const override { return decoder_.counts(); }

 private:
  static LibavInput::Options options(const std::string& input, std::stop_token stop) {
    constexpr int kNetworkTimeout_ms = 10'000;
    const int timeout_ms = is_file(input) ? 0 : kNetworkTimeout_ms;
    return {std::move(stop), false, timeout_ms, timeout_ms};
  }

  bool read_more() override {
    LibavInput::Packet packet;
    const auto status = input_.read(packet);
    if (status != LibavInput::Status::packet) {
      if (!finished_) decoder_.finish(sink());
      finished_ = true;
      if (status == LibavInput::Status::failed && ready_.empty())
        throw std::runtime_error("reading the recording: " + input_.error());
      return !ready_.empty();
    }
    const auto index = static_cast<std::int64_t>(access_units_++);
    if (packet.pts_s) {
      if (!first_s_ || *packet.pts_s < *first_s_) first_s_ = packet.pts_s;
      times_[index] = *packet.pts_s;
    }
    while (times_.size() > kMostInside) times_.erase(times_.begin());
    decoder_.decode(packet.bytes, index, sink(), packet.keyframe);
    if (on_access_unit_ && input_.is_h264())
      on_access_unit_(input_.access_unit(packet), static_cast<std::uint64_t>(index) + 1);
    return true;
  }

  Decoder::Sink sink() {
    return [this](Decoder::Picture picture) {
      double t_s = newest_s_ + (any_ ? 1 / fps_ : 0);
      if (const auto at = times_.find(picture.tag); at != times_.end() && first_s_) {
        const double media_s = at->second - *first_s_;
        // A damaged container can say anything; time must not go back.
        if (std::isfinite(media_s) && (!any_ || media_s > newest_s_)) t_s = std::max(0.0, media_s);
        times_.erase(at);
      }
      newest_s_ = t_s;
      any_ = true;
      seq_ = std::max(seq_, static_cast<std::uint64_t>(picture.place)) + 1;
      ready_.push_back({std::move(picture.planes), t_s, seq_});
    };
  }

  static constexpr std::size_t kMostInside = 64;  // more than any decoder holds back

  LibavInput input_;
  double fps_;
  Decoder decoder_;
  std::map<std::int64_t, double> times_;
  std::optional<double> first_s_;
  double newest_s_ = 0;
  std::uint64_t seq_ = 0;
  bool any_ = false;
  bool finished_ = false;
};

namespace {

/// What a file's first picture counts from: the same at each reading, so that replay is exact.
WallTime start_of(const std::string& input) {
  std::error_code error;
  const auto written = std::filesystem::last_write_time(file_path(input), error);
  if (error) return WallClock::now();
  return std::chrono::time_point_cast<WallClock::duration>(
      std::chrono::file_clock::to_sys(written));
}

}  // namespace

RecordingReader::RecordingReader(const std::string& input, double fps, int threads,
                                 std::stop_token stop, OnAccessUnit on_access_unit) {
  if (!(fps > 0) || !std::isfinite(fps)) throw UsageError("frames per second must be above zero");
  start_ = is_file(input) ? start_of(input) : WallClock::now();
  if (auto file = open_raw_file(input)) {
    source_ =
        std::make_unique<RawSource>(std::move(*file), fps, threads, std::move(on_access_unit));
    return;
  }
  try {
    source_ = std::make_unique<LibavSource>(is_file(input) ? file_path(input) : input, fps, threads,
                                            std::move(stop), std::move(on_access_unit));
  } catch (const std::runtime_error& error) {
    throw UsageError(fmt::format("{}: {}", printable_url(input), error.what()));
  }
}

RecordingReader::~RecordingReader() = default;

FramePtr RecordingReader::next() {
  auto timed = source_->next();
  if (!timed) return nullptr;
  auto frame = std::make_shared<Frame>(std::move(timed->planes));
  frame->epoch = 1;
  frame->seq = timed->seq;
  frame->t_s = timed->t_s;
  frame->time = start_ + std::chrono::duration_cast<WallClock::duration>(
                             std::chrono::duration<double>(timed->t_s));
  frame->received = frame->decoded = SteadyClock::now();
  return frame;
}

std::string RecordingReader::codec() const {
  return source_->codec();
}
double RecordingReader::fps() const {
  return source_->fps();
}
std::optional<double> RecordingReader::duration_s() const {
  return source_->duration_s();
}
std::uint64_t RecordingReader::access_units() const {
  return source_->access_units();
}
const DecoderCounts& RecordingReader::counts() const {
  return source_->counts();
}

}  // namespace rearview

#include "receive/recording_reader.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <deque>
#include <filesystem>
#include <map>
#include <stdexcept>

#include "base/error.h"
#include "base/log.h"
#include "base/printable_url.h"
#include "receive/access_unit_stream.h"
#include "receive/input_file.h"
#include "receive/libav_input.h"
#include "receive/stream_guess.h"
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
  virtual std::optional<WallTime> created() const { return std::nullopt; }

  std::optional<Timed> next() {
    while (ready_.empty() && !ended_) ended_ = !read_more();
    if (ready_.empty()) return std::nullopt;
    Timed timed = std::move(ready_.front());
    ready_.pop_front();
    return timed;
  }
  std::uint64_t access_units() const { return access_units_; }
  virtual const Decoder& decoder() const = 0;
  virtual std::string why_no_picture() const { return decoder().why_no_picture(); }
  virtual bool is_turned() const { return false; }

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
  RawSource(InputFile file, std::optional<double> fps, int threads, OnAccessUnit on_access_unit)
      : Source(std::move(on_access_unit)),
        file_(std::move(file)),
        fps_(fps),
        decoder_(threads, Decoder::Reordering::as_allowed) {
    if (file_.can_rewind()) count_pictures();
  }
  std::string codec() const override { return "h264"; }
  double fps() const override { return fps_.value_or(kUsualFps); }
  std::optional<double> duration_s() const override { return duration_s_; }
  const Decoder& decoder() const override { return decoder_; }
  std::string why_no_picture() const override {
    if (const auto other = looks_like(file_.head()))
      return fmt::format("it looks like {}, not like H.264", *other);
    return Source::why_no_picture();
  }

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
      at_end_ = size == 0;
      if (at_end_)
        stream_.end(keep);
      else
        stream_.push(std::span(buffer_).first(size), SteadyTime{}, keep);
    }
    return !units_.empty();
  }

  Decoder::Sink sink() {
    return [this](Decoder::Picture picture) {
      if (!fps_) fps_ = own_fps(decoder_.parameter_sets().newest_sps());
      ready_.push_back({std::move(picture.planes), static_cast<double>(picture.place) / *fps_,
                        static_cast<std::uint64_t>(picture.place) + 1});
    };
  }

  // Many SPS say nothing, some say nonsense.
  static double own_fps(const h264::Sps* sps) {
    constexpr double kLeast = 1;
    constexpr double kMost = 240;
    if (sps == nullptr || !sps->fps || *sps->fps < kLeast || *sps->fps > kMost) return kUsualFps;
    return *sps->fps;
  }

  // The length is what progress is measured by; memchr over a long recording takes a moment, so
  // it is left out for very long ones.
  void count_pictures() {
    constexpr std::uint64_t kMostBytes = 512 << 20;
    AccessUnitStream stream(0);
    h264::ReferenceCheck headers;
    std::optional<double> fps = fps_;
    std::uint64_t pictures = 0;
    std::uint64_t bytes = 0;
    const AccessUnitStream::Sink count = [&](const TimedAccessUnit& timed) {
      ++pictures;
      if (fps || !timed.unit.idr) return;
      headers.push(timed.unit.bytes);
      if (const h264::Sps* sps = headers.parameter_sets().newest_sps()) fps = own_fps(sps);
    };
    while (const std::size_t size = file_.read(buffer_)) {
      stream.push(std::span(buffer_).first(size), SteadyTime{}, count);
      bytes += size;
      if (bytes > kMostBytes) return file_.rewind();
    }
    stream.end(count);
    file_.rewind();
    duration_s_ = static_cast<double>(pictures) / fps.value_or(kUsualFps);
  }

  InputFile file_;
  std::optional<double> fps_;
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
  LibavSource(std::unique_ptr<LibavInput> input, int threads, OnAccessUnit on_access_unit)
      : Source(std::move(on_access_unit)),
        input_(std::move(input)),
        fps_(input_->fps().value_or(kUsualFps)),
        decoder_(input_->parameters(), threads, input_->orientation()) {}
  std::string codec() const override { return input_->codec(); }
  double fps() const override { return fps_; }
  std::optional<double> duration_s() const override { return input_->duration_s(); }
  std::optional<WallTime> created() const override { return input_->created(); }
  const Decoder& decoder() const override { return decoder_; }
  bool is_turned() const override { return !input_->orientation().upright(); }

 private:
  bool read_more() override {
    LibavInput::Packet packet;
    const auto status = input_->read(packet);
    if (status != LibavInput::Status::packet) {
      if (!finished_) decoder_.finish(sink());
      finished_ = true;
      if (status == LibavInput::Status::failed && ready_.empty())
        throw std::runtime_error("reading the recording: " + input_->error());
      return !ready_.empty();
    }
    const auto index = static_cast<std::int64_t>(access_units_++);
    if (packet.pts_s) {
      if (!first_s_ || *packet.pts_s < *first_s_) first_s_ = packet.pts_s;
      times_[index] = *packet.pts_s;
    }
    while (times_.size() > kMostInside) times_.erase(times_.begin());
    decoder_.decode(packet.bytes, index, sink(), packet.keyframe);
    if (on_access_unit_ && input_->is_h264())
      on_access_unit_(input_->access_unit(packet), static_cast<std::uint64_t>(index) + 1);
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

  std::unique_ptr<LibavInput> input_;
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

RecordingReader::RecordingReader(const std::string& input, std::optional<double> fps, int threads,
                                 std::stop_token stop, OnAccessUnit on_access_unit)
    : input_(printable_url(input)), start_(is_file(input) ? start_of(input) : WallClock::now()) {
  if (fps && (!(*fps > 0) || !std::isfinite(*fps)))
    throw UsageError("frames per second must be above zero");
  const std::string problem = url_problem(input);
  if (!problem.empty()) throw UsageError(fmt::format("{}: {}", input_, problem));
  try {
    std::unique_ptr<LibavInput> opened;
    if (is_file(input)) {
      InputFile file(file_path(input), stop);
      if (file.holds_raw_h264()) {
        source_ =
            std::make_unique<RawSource>(std::move(file), fps, threads, std::move(on_access_unit));
        return;
      }
      opened = std::make_unique<LibavInput>(std::move(file), LibavInput::Options{stop});
    } else {
      constexpr int kTimeout_ms = 10'000;
      opened = std::make_unique<LibavInput>(
          input, LibavInput::Options{stop, false, kTimeout_ms, kTimeout_ms});
    }
    source_ = std::make_unique<LibavSource>(std::move(opened), threads, std::move(on_access_unit));
  } catch (const UsageError&) {
    throw;
  } catch (const std::runtime_error& error) {
    throw UsageError(fmt::format("{}: {}", input_, error.what()));
  }
}

RecordingReader::~RecordingReader() = default;

FramePtr RecordingReader::next() {
  auto timed = source_->next();
  if (!timed) return nullptr;
  if (newest_t_s_ && timed->t_s - *newest_t_s_ > kLongestHole_s) {
    ++epoch_;
    log::warning("receive", "the recording's time jumps",
                 {{"input", input_},
                  {"from_s", std::round(*newest_t_s_ * 1000) / 1000},
                  {"to_s", std::round(timed->t_s * 1000) / 1000}});
  }
  newest_t_s_ = timed->t_s;
  auto frame = std::make_shared<Frame>(std::move(timed->planes));
  frame->epoch = epoch_;
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
std::optional<WallTime> RecordingReader::created() const {
  return source_->created();
}
std::uint64_t RecordingReader::access_units() const {
  return source_->access_units();
}
const DecoderCounts& RecordingReader::counts() const {
  return source_->decoder().counts();
}
std::string RecordingReader::why_no_picture() const {
  return source_->why_no_picture();
}
bool RecordingReader::is_turned() const {
  return source_->is_turned();
}

}  // namespace rearview

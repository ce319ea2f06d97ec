#include "tests/support/fuzz_entries.h"

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/config_reader.h"
#include "base/error.h"
#include "h264/access_unit.h"
#include "h264/annexb_splitter.h"
#include "h264/reference_check.h"
#include "h264/sei.h"
#include "h264/slice_header.h"
#include "h264/sps.h"
#include "h264/stream_summary.h"
#include "receive/access_unit_stream.h"
#include "receive/decoder.h"
#include "receive/receiver_config.h"
#include "receive/stream_guess.h"
#include "tests/support/test_stream.h"
#include "tests/support/watched_picture_clock.h"

namespace rearview::test {
namespace {

using Bytes = std::vector<std::uint8_t>;

void demand(bool condition, const char* promise) {
  if (!condition) throw std::logic_error(std::string("broken promise: ") + promise);
}

// Small, repeatable and good enough to cut bytes into pieces.
class Dice {
 public:
  explicit Dice(std::uint32_t seed) : state_(seed | 1) {}
  std::uint32_t roll(std::uint32_t sides) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    state_ ^= state_ << 5;
    return state_ % sides;
  }

 private:
  std::uint32_t state_;
};

struct Cut {
  std::vector<Bytes> nals;
  std::uint64_t discarded = 0;
  std::uint64_t oversized = 0;
  bool operator==(const Cut&) const = default;
};

Cut cut(std::span<const std::uint8_t> stream, std::uint32_t seed, std::size_t limit) {
  h264::AnnexBSplitter splitter(limit);
  Cut result;
  const auto sink = [&](const h264::NalUnit& nal) {
    demand(nal.bytes.size() <= limit, "a NAL unit is within the limit");
    demand(nal.bytes.size() > nal.start_code_size, "a NAL unit has its header");
    demand(nal.bytes.back() != 0 || nal.bytes.size() == nal.start_code_size + 1,
           "no zeros behind a NAL unit");
    result.nals.emplace_back(nal.bytes.begin(), nal.bytes.end());
  };
  Dice dice(seed);
  while (!stream.empty()) {
    const std::size_t size =
        seed == 0 ? stream.size() : std::min<std::size_t>(stream.size(), 1 + dice.roll(9));
    splitter.push(stream.first(size), sink);
    demand(splitter.pending_bytes() <= limit + 4, "what is held is within the limit");
    stream = stream.subspan(size);
  }
  splitter.flush(sink);
  result.discarded = splitter.discarded_bytes();
  result.oversized = splitter.oversized();
  return result;
}

/// Pictures that are allowed, and so large that nearly all of the time would go into them.
bool is_only_slow(const h264::Sps* sps) {
  constexpr std::int64_t kLarge = 512 * 512;
  const std::int64_t pixels = sps ? std::int64_t{sps->width_px} * sps->height_px : 0;
  return pixels > kLarge && pixels <= Decoder::kMostPixels;
}

}  // namespace

void fuzz_h264(std::span<const std::uint8_t> input) {
  const std::size_t limit = 8 + input.size() / 3;
  const Cut whole = cut(input, 0, limit);
  demand(whole == cut(input, 0x9e3779b9U, limit), "chunks make no difference");

  h264::AccessUnitAssembler assembler(4096);
  h264::StreamSummary summary;
  h264::ReferenceCheck references;
  const auto check = [&](const std::optional<h264::AccessUnit>& unit) {
    if (!unit) return;
    demand(unit->slices > 0, "an access unit has a slice");
    demand(unit->bytes.size() <= 4096, "an access unit is within the limit");
    references.push(unit->bytes);
  };
  std::uint64_t bytes = 0;
  h264::Sps sps_seen;
  h264::Pps pps_seen;
  for (const Bytes& nal_bytes : whole.nals) {
    const h264::NalUnit nal{nal_bytes, nal_bytes[2] == 1 ? std::size_t{3} : std::size_t{4}};
    bytes += nal_bytes.size();
    check(assembler.peek(nal));
    check(assembler.push(nal));
    summary.add(nal, std::nullopt);
    if (const auto sps = h264::parse_sps(nal.body())) {
      demand(sps->width_px > 0 && sps->height_px > 0, "a size above zero");
      demand(sps->width_px <= 1055 * 16 && sps->height_px <= 1055 * 16, "a size in bounds");
      h264::profile_name(*sps);
      h264::level_name(*sps);
      sps_seen = *sps;
    }
    if (const auto pps = h264::parse_pps(nal.body())) {
      demand(pps->id <= 255 && pps->sps_id <= 31, "numbers in bounds");
      demand(pps->references_l0 <= 32 && pps->references_l1 <= 32, "references in bounds");
      pps_seen = *pps;
    }
    h264::parse_slice_header(nal, sps_seen, pps_seen);
    if (const auto payload = h264::recovery_point(nal.body())) {
      const Bytes message = h264::sei_with_recovery_point(*payload);
      demand(h264::recovery_point(std::span(message).subspan(4)) == payload,
             "a message stays what it is");
    }
    h264::slice_type(nal.body());
  }
  check(assembler.flush());
  summary.finish();
  demand(summary.bytes() == bytes, "every NAL unit is counted");
}

void fuzz_receive(std::span<const std::uint8_t> input) {
  if (input.size() < 4) return;
  const std::uint32_t seed = input[0] | static_cast<std::uint32_t>(input[1]) << 8;
  const std::uint32_t longest = input[2] % 4 == 0 ? 7 : 1500;
  const double quiet_ms = input[3] % 2;
  input = input.subspan(4);

  looks_like(input);
  StreamGuess guess;
  AccessUnitStream stream(quiet_ms);
  Decoder decoder(
      1, input.size() % 2 == 0 ? Decoder::Reordering::as_seen : Decoder::Reordering::as_allowed);
  std::int64_t tag = 0;
  std::int64_t newest = -1;
  const Decoder::Sink show = [&](Decoder::Picture picture) {
    newest = picture.tag;
    demand(picture.tag >= 0 && picture.tag < tag + 1, "a picture of an access unit that was given");
    demand(!picture.planes.y.empty() && picture.planes.owner != nullptr, "a picture has pixels");
    demand(picture.planes.y.total() <= Decoder::kMostPixels, "a picture's size is in bounds");
    demand(picture.planes.u.size() == picture.planes.v.size(), "chroma planes of one size");
    volatile std::uint8_t last =
        picture.planes.v.at<std::uint8_t>(picture.planes.v.rows - 1, picture.planes.v.cols - 1);
    static_cast<void>(last);
  };
  h264::ReferenceCheck sizes;
  const AccessUnitStream::Sink take = [&](TimedAccessUnit timed) {
    sizes.push(timed.unit.bytes);
    if (is_only_slow(sizes.parameter_sets().newest_sps())) return;
    if (timed.after_loss) decoder.lost(show);
    decoder.decode(timed.unit.bytes, tag, show);
    ++tag;
  };
  Dice dice(seed);
  SteadyTime now{};
  while (!input.empty()) {
    const std::size_t size = std::min<std::size_t>(input.size(), 1 + dice.roll(longest));
    guess.push(input.first(size), now);
    stream.push(input.first(size), now, take);
    input = input.subspan(size);
    if (dice.roll(3) != 0) continue;
    const auto pause = std::chrono::milliseconds(dice.roll(40));
    if (const auto wait = stream.quiet_wait(); wait && *wait <= pause) stream.quiet(take);
    now += pause;
  }
  stream.end(take);
  decoder.finish(show);
  const DecoderCounts& counts = decoder.counts();
  // The second field of a picture is no picture of its own and no loss.
  demand(counts.pictures + counts.corrupt + counts.missing_reference + counts.waiting <=
             static_cast<std::uint64_t>(tag),
         "no access unit is counted twice");
  demand(counts.pictures == 0 || decoder.why_no_picture().empty(), "no excuse for pictures");
}

void fuzz_picture_clock(std::span<const std::uint8_t> input) {
  WatchedPictureClock clock;
  SteadyTime now{std::chrono::hours(5)};
  while (input.size() >= 2) {
    const int much = input[1];
    switch (input[0] % 6) {
      case 0:
        now += std::chrono::microseconds(33333);
        break;
      case 1:
        now += std::chrono::milliseconds(much);
        break;
      case 2:
        now += std::chrono::microseconds(much);
        break;
      case 3:
        now -= std::chrono::milliseconds(much);
        break;
      case 4:
        now += std::chrono::nanoseconds(much);
        break;
      default:
        now += std::chrono::seconds(much);
    }
    clock.taken(now);
    input = input.subspan(2);
  }
}

void fuzz_config(std::span<const std::uint8_t> input) {
  const std::string text(input.begin(), input.end());
  const auto json = nlohmann::json::parse(text, nullptr, false, true);
  if (json.is_discarded()) return;
  try {
    ConfigReader reader(json, "fuzz.json");
    ReceiverConfig config;
    read_settings(reader, config);
    std::vector<std::string> names;
    reader.texts("names", names, 0, 4);
    reader.object("object", [](ConfigReader& inner) {
      bool flag = false;
      inner.boolean("flag", flag);
    });
    reader.objects("objects", 0, 4, [](ConfigReader& inner) {
      int number = 0;
      inner.number("number", number, -5, 5);
    });
    reader.finish();
    demand(!config.url.empty() && config.backoff_max_ms >= config.backoff_min_ms,
           "what is accepted is valid");
  } catch (const UsageError& error) {
    demand(std::string(error.what()).starts_with("fuzz.json: "), "a refusal names its source");
  }
}

std::vector<std::string> h264_samples() {
  std::vector<std::string> streams;
  for (const auto delimiters : {Delimiters::none, Delimiters::before, Delimiters::behind}) {
    for (const int slices : {1, 3}) {
      StreamOptions options;
      options.width = 128;
      options.height = slices == 3 ? 192 : 96;
      options.delimiters = delimiters;
      options.slices = slices;
      options.gop = 4;
      options.quantiser = 40;
      options.short_start_codes = slices == 3;
      options.preset = slices == 3 ? "veryfast" : "ultrafast";
      options.b_frames = delimiters == Delimiters::none ? 2 : 0;
      const Bytes stream = make_h264(9, options);
      streams.emplace_back(stream.begin(), stream.end());
    }
  }
  return streams;
}

std::vector<std::string> receive_samples() {
  std::vector<std::string> samples;
  for (const std::string& stream : h264_samples())
    samples.push_back(std::string("\x01\x02\x01\x01", 4) + stream);
  return samples;
}

std::vector<std::string> picture_clock_samples() {
  std::string evenly;
  std::string bursts;
  for (int i = 0; i < 60; ++i) {
    evenly += std::string("\0\0", 2);
    bursts += i % 7 == 0 ? std::string("\1\346", 2) : std::string("\2\144", 2);
  }
  return {evenly, bursts};
}

std::vector<std::string> config_samples() {
  return {R"({"url": "tcp://camera.local:5000", "connect_timeout_ms": 3000,
    "quiet_flush_ms": 1.5, "names": ["a", "b"], "object": {"flag": true},
    "objects": [{"number": 3}, {"number": -1}]})"};
}

}  // namespace rearview::test

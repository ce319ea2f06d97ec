#include "receive/access_unit_stream.h"

#include <algorithm>
#include <utility>

#include "h264/slice_header.h"

namespace rearview {

using h264::NalType;
using h264::NalUnit;

AccessUnitStream::AccessUnitStream(double quiet_ms) : quiet_ms_(quiet_ms) {}

void AccessUnitStream::push(std::span<const std::uint8_t> bytes, SteadyTime now, const Sink& sink) {
  watch(now);
  last_bytes_ = now;
  const std::optional<SteadyTime> open_before = open_since_;
  bool first = true;
  splitter_.push(bytes, [&](const NalUnit& nal) {
    // Only the first can have begun before these bytes.
    take(nal, first ? open_before.value_or(now) : now, sink);
    first = false;
  });
  const auto open = splitter_.open();
  if (!open) {
    open_since_.reset();
    if (flushed_at_) check_flushed(nullptr);
    return;
  }
  if (!first || !open_before) open_since_ = now;
  if (flushed_at_) check_flushed(&*open);
  if (auto ended = assembler_.peek(*open)) {
    if (probe_ && probe_->nal_ended) silence_was_end();
    deliver(std::move(ended), sink);
  }
}

// What the stream was waiting for while nothing came: a picture's end, or the picture behind a
// delimiter.
void AccessUnitStream::watch(SteadyTime now) {
  if (quiet_ms_ <= 0 || !last_bytes_ || ms_between(*last_bytes_, now) < quiet_ms_) return;
  const auto open = splitter_.open();
  if (!open) return;
  if (has_open_picture()) {
    if (probe_ && probe_->nal_ended) return;
    if (probe_ && open->bytes.size() > probe_->open_bytes) silence_was_pause();
    probe_ = Probe{open->bytes.size(), false};
  } else if (open->type() == NalType::access_unit_delimiter) {
    ++delimiters_behind_;
  }
}

void AccessUnitStream::take(const NalUnit& nal, SteadyTime since, const Sink& sink) {
  if (flushed_at_) check_flushed(&nal);
  if (h264::is_extension(nal.type())) return;  // the slice behind it tells
  if (nal.type() == NalType::sps) see_sps(nal);
  const bool probed_nal = probe_ && !probe_->nal_ended;
  if (probed_nal) {
    if (nal.bytes.size() > probe_->open_bytes)
      silence_was_pause();
    else
      probe_->nal_ended = true;
  }
  auto ended = assembler_.push(nal);
  if (probe_ && !probed_nal) {
    if (ended)
      silence_was_end();
    else
      silence_was_pause();
  }
  deliver(std::move(ended), sink);
  if (!unit_since_ && nal.type() != NalType::access_unit_delimiter) unit_since_ = since;
}

// What silences told was of the pictures before: of another size, they come in more pieces.
void AccessUnitStream::see_sps(const NalUnit& nal) {
  if (std::ranges::equal(nal.bytes, sps_)) return;
  constexpr std::size_t kMostBytes = 4096;
  sps_.clear();
  if (nal.bytes.size() <= kMostBytes) sps_.assign(nal.bytes.begin(), nal.bytes.end());
  probe_.reset();
  ends_in_a_row_ = 0;
}

void AccessUnitStream::deliver(std::optional<h264::AccessUnit> unit, const Sink& sink) {
  const std::uint64_t losses = splitter_.oversized() + assembler_.dropped();
  if (losses != losses_seen_) {
    after_loss_ = true;
    unit_since_.reset();
    losses_seen_ = losses;
  }
  if (!unit) return;
  TimedAccessUnit timed;
  timed.received = unit_since_.value_or(last_bytes_.value_or(SteadyTime{}));
  timed.unit = std::move(*unit);
  timed.after_loss = std::exchange(after_loss_, false);
  unit_since_.reset();
  sink(std::move(timed));
}

bool AccessUnitStream::has_open_picture() const {
  if (assembler_.has_picture()) return true;
  const auto open = splitter_.open();
  return open && h264::is_slice(open->type());
}

std::optional<std::chrono::microseconds> AccessUnitStream::quiet_wait() const {
  // With delimiters behind its pictures a camera ends them itself, and a silence inside one is
  // the network's.
  if (quiet_ms_ <= 0 || delimiters_behind_ >= 2 || ends_in_a_row_ < ends_wanted_) return {};
  if (!has_open_picture()) return {};
  return std::chrono::microseconds(static_cast<std::int64_t>(quiet_ms_ * 1000));
}

void AccessUnitStream::quiet(const Sink& sink) {
  if (!quiet_wait()) return;
  const auto since = open_since_;
  splitter_.flush([&](const NalUnit& nal) { take(nal, since.value_or(*last_bytes_), sink); });
  open_since_.reset();
  probe_.reset();
  deliver(assembler_.flush(), sink);
  flushed_at_ = splitter_.discarded_bytes();
}

// Tells from what came behind a flush whether it was right: nothing may belong to the old NAL
// unit, and a slice must be the first of its picture.
void AccessUnitStream::check_flushed(const NalUnit* next) {
  bool pause = splitter_.discarded_bytes() != *flushed_at_;
  if (!pause) {
    if (next == nullptr) return;
    if (h264::is_slice(next->type())) {
      const auto first_mb = h264::first_mb_in_slice(next->body());
      if (!first_mb) return;  // not there yet
      pause = *first_mb != 0;
    }
  }
  flushed_at_.reset();
  if (!pause) {
    silence_was_end();
    return;
  }
  ++cut_;
  after_loss_ = true;
  silence_was_pause();
}

void AccessUnitStream::silence_was_end() {
  probe_.reset();
  ends_in_a_row_ = std::min(ends_in_a_row_ + 1, kMostTrust);
}

void AccessUnitStream::silence_was_pause() {
  probe_.reset();
  if (ends_in_a_row_ >= ends_wanted_) {
    ends_wanted_ = std::min(2 * ends_wanted_, kMostTrust);
    quiet_ms_ = std::max(quiet_ms_, std::min(2 * quiet_ms_, kMostQuiet_ms));
  }
  ends_in_a_row_ = 0;
}

void AccessUnitStream::end(const Sink& sink) {
  const auto since = open_since_;
  splitter_.flush([&](const NalUnit& nal) {
    take(nal, since.value_or(last_bytes_.value_or(SteadyTime{})), sink);
  });
  auto last = assembler_.flush();
  if (last) last->truncated = false;
  deliver(std::move(last), sink);
}

}  // namespace rearview

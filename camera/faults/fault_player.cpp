#include "camera/faults/fault_player.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "base/log.h"
#include "h264/annexb_splitter.h"

namespace rearview::camera {
namespace {

using Bytes = std::vector<std::uint8_t>;

// More than this is not held back: a burst's memory is bounded.
constexpr std::size_t kMostHeld = 3000;

Bytes without_parameter_sets(std::span<const std::uint8_t> picture) {
  Bytes kept;
  h264::AnnexBSplitter splitter;
  const auto take = [&](const h264::NalUnit& nal) {
    if (nal.type() != h264::NalType::sps && nal.type() != h264::NalType::pps)
      kept.insert(kept.end(), nal.bytes.begin(), nal.bytes.end());
  };
  splitter.push(picture, take);
  splitter.flush(take);
  return kept;
}

}  // namespace

FaultPlayer::FaultPlayer(FaultScript script, Stream stream)
    : script_(std::move(script)), stream_(std::move(stream)), random_(script_.seed) {}

const Fault* FaultPlayer::find(FaultKind kind, double t_s) const {
  const auto it = std::find_if(
      script_.faults.begin(), script_.faults.end(),
      [&](const Fault& fault) { return fault.kind == kind && fault.begun_at(t_s) >= 0; });
  return it == script_.faults.end() ? nullptr : &*it;
}

bool FaultPlayer::active(FaultKind kind, double t_s) const {
  return find(kind, t_s) != nullptr;
}

bool FaultPlayer::happens(double share) {
  return std::uniform_real_distribution<double>(0, 1)(random_) < share;
}

void FaultPlayer::publish(CodedPicturePtr picture) {
  if (!start_) start_ = picture->captured;
  const double t_s = seconds_between(*start_, picture->captured);
  act_on_connections(t_s);

  if (active(FaultKind::stall, t_s)) {
    if (!std::exchange(stalled_, true)) log::info("faults", "stall", {{"t_s", t_s}});
    return;
  }
  if (stalled_ && !picture->idr) {
    stream_.request_idr();
    return;
  }
  stalled_ = false;

  picture = spoiled(std::move(picture), t_s);
  if (active(FaultKind::burst, t_s) && held_.size() < kMostHeld) {
    held_.push_back(std::move(picture));
    return;
  }
  for (; !held_.empty(); held_.pop_front()) stream_.publish(std::move(held_.front()));
  stream_.publish(std::move(picture));
}

void FaultPlayer::act_on_connections(double t_s) {
  if (const Fault* cut = find(FaultKind::cut, t_s)) {
    const double begun_s = cut->begun_at(t_s);
    if (begun_s != last_cut_s_) {
      last_cut_s_ = begun_s;
      log::info("faults", "cut", {{"t_s", t_s}});
      stream_.cut();
    }
  }
  const bool anywhere = active(FaultKind::mid_gop_join, t_s);
  if (anywhere != joins_anywhere_) stream_.join_anywhere(joins_anywhere_ = anywhere);
  const Fault* slow = find(FaultKind::slow, t_s);
  const std::optional<int> rate = slow ? std::optional(slow->rate_kbps) : std::nullopt;
  if (rate != rate_kbps_) stream_.slow(rate_kbps_ = rate);
}

CodedPicturePtr FaultPlayer::spoiled(CodedPicturePtr picture, double t_s) {
  const Fault* truncated = find(FaultKind::truncated_nal, t_s);
  const Fault* bits = find(FaultKind::bit_errors, t_s);
  const bool headless = picture->idr && active(FaultKind::lost_parameter_sets, t_s);
  const bool shorter = truncated && happens(truncated->share);
  if (!headless && !shorter && !bits) return picture;

  const auto whole = picture->picture();
  Bytes bytes = headless ? without_parameter_sets(whole) : Bytes(whole.begin(), whole.end());
  if (shorter) {
    const std::size_t least = bytes.size() / 4;
    bytes.resize(least + random_() % (bytes.size() - least));
  }
  if (bits && bits->share > 0) {
    // From one turned bit to the next it is a geometric distribution's distance.
    std::geometric_distribution<std::uint64_t> gap(std::min(bits->share, 0.5));
    for (std::uint64_t at = gap(random_); at < bytes.size() * 8; at += 1 + gap(random_))
      bytes[at / 8] = static_cast<std::uint8_t>(bytes[at / 8] ^ (1U << (at % 8)));
  }
  bytes.insert(bytes.end(), kDelimiter.begin(), kDelimiter.end());
  auto result = std::make_shared<CodedPicture>(*picture);
  result->bytes = std::move(bytes);
  return result;
}

}  // namespace rearview::camera

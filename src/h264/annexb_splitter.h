#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "h264/nal_unit.h"

namespace rearview::h264 {

/// Cuts an H.264 byte stream (ITU-T H.264 annex B) that arrives in chunks of any size into NAL
/// units, with 3- and 4-byte start codes. The result does not depend on where the chunks are cut,
/// and each byte is looked at once. Zero bytes behind a NAL unit belong to none.
/// A NAL unit is complete only when the next start code arrives; flush() ends it by hand.
/// One thread.
class AnnexBSplitter {
 public:
  /// Called once per NAL unit, in order; its bytes hold only during the call. Must not call the
  /// splitter.
  using Sink = std::function<void(const NalUnit&)>;

  /// A NAL unit longer than max_nal_bytes, start code included, is dropped whole and counted:
  /// memory stays bounded whatever a peer sends. Default: more than level 5's largest coded
  /// picture at our sizes.
  explicit AnnexBSplitter(std::size_t max_nal_bytes = std::size_t{4} << 20);

  void push(std::span<const std::uint8_t> chunk, const Sink& sink);
  /// Delivers the open NAL unit as if a start code had come; what then arrives before the next
  /// start code is discarded. One without a header byte stays open.
  void flush(const Sink& sink);
  /// Forgets what is held; the counters stay.
  void reset();

  /// What has arrived of the NAL unit still open, without zeros at its end; nullopt until its
  /// header byte is there. Holds until the next call.
  std::optional<NalUnit> open() const;
  /// Bytes held of the NAL unit still open.
  std::size_t pending_bytes() const { return held_.size(); }
  /// Bytes that belonged to no NAL unit: before the first start code, behind a flush, or over the
  /// limit. Padding zeros in front of a start code don't count.
  std::uint64_t discarded_bytes() const { return discarded_; }
  /// NAL units dropped because they were over the limit.
  std::uint64_t oversized() const { return oversized_; }

 private:
  void append(std::span<const std::uint8_t> bytes);
  void end_nal(const Sink& sink);
  void skip_oversized();

  std::size_t max_nal_bytes_;
  std::vector<std::uint8_t> held_;  // the open NAL unit up to its last byte that isn't zero
  std::size_t start_code_size_ = 0;
  std::uint64_t zeros_ = 0;  // behind held_: padding, a start code or payload, not known yet
  bool skipping_ = true;     // until the next start code
  std::uint64_t discarded_ = 0;
  std::uint64_t oversized_ = 0;
};

}  // namespace rearview::h264

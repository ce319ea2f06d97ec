#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "h264/nal_unit.h"

namespace rearview::h264 {

/// Cuts an H.264 byte stream (ITU-T H.264 annex B) that arrives in chunks of any size into NAL
/// units, with 3- and 4-byte start codes. The result does not depend on where the chunks are cut.
/// A NAL unit is complete only when the next start code arrives; flush() ends it by hand.
/// One thread.
class AnnexBSplitter {
 public:
  /// Called once per NAL unit, in order; its bytes hold only during the call.
  using Sink = std::function<void(const NalUnit&)>;

  /// A NAL unit longer than max_nal_bytes is dropped whole and counted: memory stays bounded
  /// whatever a peer sends. Default: more than level 5's largest coded picture at our sizes.
  explicit AnnexBSplitter(std::size_t max_nal_bytes = std::size_t{4} << 20);

  void push(std::span<const std::uint8_t> chunk, const Sink& sink);
  /// Delivers what is held as if a start code had come.
  void flush(const Sink& sink);
  /// Forgets what is held.
  void reset();

  /// Bytes held of the NAL unit still open.
  std::size_t pending_bytes() const;
  /// Bytes that belonged to no NAL unit: before the first start code, or over the limit.
  std::uint64_t discarded_bytes() const;

 private:
  std::size_t max_nal_bytes_;
  std::vector<std::uint8_t> held_;
  std::size_t scanned_ = 0;
  bool synced_ = false;
  std::uint64_t discarded_ = 0;
};

}  // namespace rearview::h264

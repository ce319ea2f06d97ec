#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "h264/nal_unit.h"
#include "h264/slice_header.h"
#include "h264/sps.h"

namespace rearview::h264 {

/// The newest sequence and picture parameter set of each number that a stream has sent. One thread.
class ParameterSets {
 public:
  /// Takes an SPS or a PPS; one that can't be read, and any other NAL unit, changes nothing.
  void take(const NalUnit& nal);

  /// nullptr when it hasn't come.
  const Pps* pps(int id) const;
  const Sps* sps(int id) const;
  /// The newest SPS of any number.
  const Sps* newest_sps() const;
  bool has_pps() const;
  /// All of them as Annex-B, each SPS before each PPS; a set above kMostBytes is left out.
  std::vector<std::uint8_t> annexb() const;

  static constexpr std::size_t kMostBytes = 4096;

 private:
  template <typename Set>
  struct Kept {
    Set set;
    std::vector<std::uint8_t> bytes;
  };

  std::array<std::optional<Kept<Sps>>, 32> sps_;
  std::array<std::optional<Kept<Pps>>, 256> pps_;
  int newest_sps_ = 0;
};

}  // namespace rearview::h264

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "h264/annexb_splitter.h"

namespace rearview::camera {

/// Brings access units from any encoder or file into the form of CodedPicture::bytes: 4-byte start
/// codes, no delimiter of its own, parameter sets before every IDR (repeated from the last ones
/// seen where the stream has them only once), and the next picture's delimiter behind. All other
/// NAL units stay as they are. One thread.
class WireFormat {
 public:
  /// What happens to supplemental enhancement information (SEI).
  enum class Sei { keep, drop };

  explicit WireFormat(Sei sei) : sei_(sei) {}

  struct Result {
    std::vector<std::uint8_t> bytes;  ///< empty: the access unit held no slice
    std::size_t slice_bytes = 0;      ///< of them, those of slices: without filler and SEI
    bool idr = false;
    bool b_slice = false;   ///< holds a B slice, so it may be shown out of order
    bool decodable = true;  ///< false: an IDR for which no SPS or no PPS was ever seen
  };
  /// access_unit: one whole access unit in Annex-B form, start codes of 3 or 4 bytes.
  Result format(std::span<const std::uint8_t> access_unit);

 private:
  struct ParameterSet {
    h264::NalType type;
    std::vector<std::uint8_t> body;
  };
  void add(const h264::NalUnit& nal, Result& result);
  void remember(const h264::NalUnit& nal);
  void repeat_parameter_sets(Result& result) const;
  bool knows(h264::NalType type) const;

  Sei sei_;
  h264::AnnexBSplitter splitter_;
  std::vector<ParameterSet> parameter_sets_;  // of the newest access unit that had an SPS
  bool sps_here_ = false;                     // in the access unit at work
  bool pps_here_ = false;
};

}  // namespace rearview::camera

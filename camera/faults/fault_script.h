#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace rearview::camera {

enum class FaultKind {
  stall,                ///< nothing is sent; afterwards it goes on at an IDR
  burst,                ///< pictures are held back and sent all at once in the end
  cut,                  ///< every connection is closed, once
  mid_gop_join,         ///< clients that join begin with the next picture, whatever it is
  lost_parameter_sets,  ///< IDRs come without SPS and PPS
  truncated_nal,        ///< of a share of the pictures only the beginning is sent
  bit_errors,           ///< a share of all bits is turned over
  slow,                 ///< each client gets no more than rate_kbps
};

struct Fault {
  FaultKind kind = FaultKind::stall;
  double at_s = 0;  ///< stream time of the first time
  double duration_s = 1;
  double every_s = 0;  ///< from one beginning to the next; 0: only once
  double share = 1;    ///< truncated_nal: of pictures; bit_errors: of bits
  int rate_kbps = 500;

  /// The beginning of the occurrence that holds at t_s, or -1 when none does.
  double begun_at(double t_s) const;
};

/// What goes wrong when, for whoever writes a client. The same seed gives the same faults.
struct FaultScript {
  std::uint64_t seed = 1;
  std::vector<Fault> faults;

  /// Throws UsageError for the first thing that can't be used.
  static FaultScript read(const std::filesystem::path& file);
};

}  // namespace rearview::camera

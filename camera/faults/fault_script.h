#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "base/enumeration.h"
#include "base/setting.h"

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

constexpr auto names_of(FaultKind) {
  return std::to_array<std::string_view>({"stall", "burst", "cut", "mid_gop_join",
                                          "lost_parameter_sets", "truncated_nal", "bit_errors",
                                          "slow"});
}

struct Fault {
  FaultKind kind = FaultKind::stall;
  double at_s = 0;
  double duration_s = 1;
  double every_s = 0;
  double share = 1;
  int rate_kbps = 500;

  static constexpr auto settings() {
    using S = Fault;
    return std::array{
        setting<&S::kind>("kind", "What goes wrong."),
        setting<&S::at_s>("at_s", {0, 1e6}, "Stream time of the first time."),
        setting<&S::duration_s>("duration_s", {0.01, 3600}, "How long it lasts."),
        setting<&S::every_s>("every_s", {0, 1e6}, "From one beginning to the next; 0: only once."),
        setting<&S::share>("share", {0, 1}, "truncated_nal: of pictures; bit_errors: of bits."),
        setting<&S::rate_kbps>("rate_kbps", {8, 1'000'000}, "slow: for each client."),
    };
  }
  void check(const ConfigReader& reader) const;

  /// The beginning of the occurrence that holds at t_s, or -1 when none does.
  double begun_at(double t_s) const;
};

/// What goes wrong when, for whoever writes a client. The same seed gives the same faults.
struct FaultScript {
  std::uint64_t seed = 1;
  std::vector<Fault> faults;

  static constexpr auto settings() {
    using S = FaultScript;
    return std::array{
        setting<&S::seed>("seed", {0, static_cast<double>(1LL << 53)}, "The same gives the same."),
        setting<&S::faults>("faults", {0, 1000}, "What goes wrong when."),
    };
  }

  /// Throws UsageError for the first thing that can't be used.
  static FaultScript read(const std::filesystem::path& file);
};

}  // namespace rearview::camera

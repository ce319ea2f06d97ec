#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "h264/access_unit.h"
#include "h264/annexb_splitter.h"

namespace rearview {

/// An access unit and when it came.
struct TimedAccessUnit {
  h264::AccessUnit unit;
  /// Its first byte, or, behind a delimiter, the first one after that: our camera sends the
  /// delimiter long before the picture.
  SteadyTime received;
  bool after_loss = false;  ///< something in front of it was dropped: a reference may be missing
};

/// Makes access units out of the bytes of one connection, each as early as it can be known to be
/// whole. Where nothing follows a picture until the next one, a silence ends it (quiet()). That is
/// a guess which a slow link proves wrong, so it must be earned: first silences are only watched,
/// and used once `kTrust` in a row did end a picture; a wrong one costs that trust, doubles what
/// is asked for the next time and lengthens the silence; where an SPS changes it is earned anew.
/// One thread.
class AccessUnitStream {
 public:
  using Sink = std::function<void(TimedAccessUnit)>;

  /// quiet_ms: the silence that ends a picture; 0: none does.
  explicit AccessUnitStream(double quiet_ms);

  /// Takes bytes that arrived at `now`. The sink must not call back.
  void push(std::span<const std::uint8_t> bytes, SteadyTime now, const Sink& sink);
  /// How long after the last bytes quiet() is to be called; nullopt: not at all.
  std::optional<std::chrono::microseconds> quiet_wait() const;
  /// Nothing has arrived for quiet_wait().
  void quiet(const Sink& sink);
  /// The input has ended in good order, and so has the last picture: files only.
  void end(const Sink& sink);

  /// Access units that a silence cut apart.
  std::uint64_t cut() const { return cut_; }
  std::uint64_t oversized_nal_units() const { return splitter_.oversized(); }
  std::uint64_t oversized_access_units() const { return assembler_.dropped(); }
  std::uint64_t discarded_bytes() const { return splitter_.discarded_bytes(); }
  /// Bytes of a picture that hasn't ended.
  bool has_open_picture() const;

 private:
  /// A silence whose meaning the next bytes will tell.
  struct Probe {
    std::size_t open_bytes = 0;  // of the NAL unit open at that time
    bool nal_ended = false;      // it had no more than these
  };

  void watch(SteadyTime now);
  void take(const h264::NalUnit& nal, SteadyTime now, const Sink& sink);
  void deliver(std::optional<h264::AccessUnit> unit, const Sink& sink);
  void see_sps(const h264::NalUnit& nal);
  void check_flushed(const h264::NalUnit* next);
  void silence_was_end();
  void silence_was_pause();

  static constexpr int kTrust = 3;
  static constexpr int kMostTrust = 192;
  static constexpr double kMostQuiet_ms = 16;

  h264::AnnexBSplitter splitter_;
  h264::AccessUnitAssembler assembler_;
  double quiet_ms_;
  int ends_in_a_row_ = 0;
  int ends_wanted_ = kTrust;
  int delimiters_behind_ = 0;
  std::optional<Probe> probe_;
  std::optional<std::uint64_t> flushed_at_;  // discarded bytes when a silence ended a picture
  std::optional<SteadyTime> last_bytes_;
  std::optional<SteadyTime> open_since_;  // the NAL unit open in the splitter
  std::optional<SteadyTime> unit_since_;  // the access unit open in the assembler
  std::vector<std::uint8_t> sps_;         // the newest
  std::uint64_t losses_seen_ = 0;
  bool after_loss_ = false;
  std::uint64_t cut_ = 0;
};

}  // namespace rearview

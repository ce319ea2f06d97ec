#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "receive/recording_reader.h"

namespace rearview {

/// Reads the recordings into which a ride was cut as the one that it was: stream time, sequence
/// and epoch go on from each to the next, which begins where by its container the one before ends,
/// else one picture's time behind its last. One thread.
class RideReader {
 public:
  /// inputs: in their order, one at least; fps, threads, stop: as RecordingReader has them; from_s:
  /// stream time of the first picture wanted. What comes before it is decoded and left out. Throws
  /// UsageError when the first can't be opened.
  RideReader(std::vector<std::string> inputs, double from_s, std::optional<double> fps, int threads,
             std::stop_token stop = {});

  /// The next picture; nullptr at the end. A recording before the last that breaks off ends there.
  /// Throws UsageError when a later one can't be opened, and what RecordingReader::next() throws.
  FramePtr next();

  /// Which of the inputs the newest picture is from.
  std::size_t part() const { return part_; }
  /// Of that input.
  const RecordingReader& reader() const { return *reader_; }

 private:
  void open();
  double end_of_part() const;
  FramePtr next_of_part();

  std::vector<std::string> inputs_;
  double from_s_;
  std::optional<double> fps_;
  int threads_;
  std::stop_token stop_;
  std::size_t part_ = 0;
  std::optional<RecordingReader> reader_;
  double begin_s_ = 0;  ///< stream time of the part's first picture
  double newest_s_ = 0;
  std::uint64_t begin_seq_ = 0;
  std::uint64_t newest_seq_ = 0;
  std::uint32_t begin_epoch_ = 0;
  std::uint32_t newest_epoch_ = 0;
};

}  // namespace rearview

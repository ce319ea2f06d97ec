#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "receive/decoder.h"
#include "tests/support/test_stream.h"

namespace rearview {

/// Decodes and keeps what came out.
struct Decoding {
  Decoder decoder{1};
  std::vector<std::int64_t> tags;
  std::vector<std::int64_t> places;
  std::vector<std::optional<int>> numbers;
  std::int64_t next_tag = 0;

  Decoder::Sink sink() {
    return [this](Decoder::Picture picture) {
      tags.push_back(picture.tag);
      places.push_back(picture.place);
      numbers.push_back(test::picture_number(picture.planes.y));
    };
  }
  void decode(const std::vector<std::uint8_t>& unit) { decoder.decode(unit, next_tag++, sink()); }
  void decode_all(const std::vector<std::vector<std::uint8_t>>& units) {
    for (const auto& unit : units) decode(unit);
  }
  std::uint64_t accounted() const {
    const DecoderCounts& c = decoder.counts();
    return c.pictures + c.corrupt + c.missing_reference + c.waiting;
  }
  // Every picture given out is the whole picture of its access unit.
  void expect_only_right_pictures() const {
    for (std::size_t i = 0; i < tags.size(); ++i)
      EXPECT_EQ(numbers[i], static_cast<int>(tags[i])) << "picture " << i;
  }
};

inline test::StreamOptions with_slices(int slices) {
  test::StreamOptions options;
  options.slices = slices;
  options.noise = 30;
  return options;
}

}  // namespace rearview

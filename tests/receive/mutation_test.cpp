#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/support/fuzz_entries.h"

// The fuzzers' entry functions with seeded mutations, for builds without clang. Promises broken
// throw; memory errors are for the sanitizer builds to see.

namespace rearview::test {
namespace {

using Bytes = std::vector<std::uint8_t>;

std::vector<Bytes> seeds() {
  std::vector<Bytes> streams;
  for (const std::string& sample : h264_samples())
    streams.emplace_back(sample.begin(), sample.end());
  return streams;
}

Bytes mutated(Bytes bytes, const std::vector<Bytes>& others, std::mt19937& random) {
  const auto place = [&] { return static_cast<std::ptrdiff_t>(random() % bytes.size()); };
  for (std::size_t rounds = 1 + random() % 6; rounds > 0 && bytes.size() > 16; --rounds) {
    const auto at = place();
    switch (random() % 7) {
      case 0:
        bytes[static_cast<std::size_t>(at)] ^= static_cast<std::uint8_t>(1U << random() % 8);
        break;
      case 1:
        bytes[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(random());
        break;
      case 2:
        bytes.resize(static_cast<std::size_t>(at) + 16);
        break;
      case 3:
        bytes.erase(bytes.begin() + at,
                    bytes.begin() + std::min(at + static_cast<std::ptrdiff_t>(random() % 200),
                                             static_cast<std::ptrdiff_t>(bytes.size())));
        break;
      case 4:
        bytes.insert(bytes.begin() + at, {0, 0, 1});
        break;
      case 5:
        bytes.insert(bytes.begin() + at, random() % 100, static_cast<std::uint8_t>(random() % 3));
        break;
      default: {
        const Bytes& other = others[random() % others.size()];
        const auto from = random() % other.size();
        const auto size = std::min<std::size_t>(other.size() - from, random() % 1000);
        bytes.insert(bytes.begin() + at, other.begin() + static_cast<std::ptrdiff_t>(from),
                     other.begin() + static_cast<std::ptrdiff_t>(from + size));
      }
    }
  }
  return bytes;
}

TEST(Mutation, H264) {
  const auto streams = seeds();
  for (const Bytes& stream : streams) ASSERT_NO_THROW(fuzz_h264(stream));
  std::mt19937 random(21);
  for (int round = 0; round < 4000; ++round) {
    ASSERT_NO_THROW(fuzz_h264(mutated(streams[random() % streams.size()], streams, random)))
        << "round " << round;
  }
}

TEST(Mutation, Receive) {
  const auto streams = seeds();
  for (const Bytes& stream : streams) ASSERT_NO_THROW(fuzz_receive(stream));
  std::mt19937 random(22);
  for (int round = 0; round < 1500; ++round) {
    Bytes input = mutated(streams[random() % streams.size()], streams, random);
    for (int i = 0; i < 4; ++i) input.insert(input.begin(), static_cast<std::uint8_t>(random()));
    ASSERT_NO_THROW(fuzz_receive(input)) << "round " << round;
  }
}

TEST(Mutation, PictureClock) {
  std::vector<Bytes> arrivals;
  for (const std::string& sample : picture_clock_samples())
    arrivals.emplace_back(sample.begin(), sample.end());
  std::mt19937 random(24);
  for (int round = 0; round < 5000; ++round) {
    Bytes input = arrivals[random() % arrivals.size()];
    if (round % 2 == 0) {
      input = mutated(std::move(input), arrivals, random);
    } else {
      for (std::uint8_t& byte : input) byte = static_cast<std::uint8_t>(random());
    }
    ASSERT_NO_THROW(fuzz_picture_clock(input)) << "round " << round;
  }
}

TEST(Mutation, Config) {
  const std::string text = config_samples().front();
  const Bytes seed(text.begin(), text.end());
  ASSERT_NO_THROW(fuzz_config(seed));
  std::mt19937 random(23);
  for (int round = 0; round < 20000; ++round) {
    ASSERT_NO_THROW(fuzz_config(mutated(seed, {seed}, random))) << "round " << round;
    // A change of one digit or letter keeps it JSON and reaches further.
    Bytes close = seed;
    close[random() % close.size()] = static_cast<std::uint8_t>(' ' + random() % 95);
    ASSERT_NO_THROW(fuzz_config(close)) << "round " << round;
  }
}

}  // namespace
}  // namespace rearview::test

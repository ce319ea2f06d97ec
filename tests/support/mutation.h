#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

// The fuzzers' entry functions with seeded mutations, for builds without clang.

namespace rearview::test {

inline std::string mutated(std::string text, std::mt19937& random) {
  for (std::size_t rounds = 1 + random() % 6; rounds > 0 && !text.empty(); --rounds) {
    const std::size_t at = random() % text.size();
    switch (random() % 4) {
      case 0:
        text[at] = static_cast<char>(random());
        break;
      case 1:
        text.erase(at, 1 + random() % 8);
        break;
      case 2:
        text.insert(at, text.substr(random() % text.size(), random() % 32));
        break;
      default:
        text.insert(at, 1 + random() % 40, "\n{}[]\",:9e-"[random() % 11]);
        break;
    }
  }
  return text;
}

/// The samples as they are, then spoilt at random, each as often as told.
inline void drive(void (*entry)(std::span<const std::uint8_t>),
                  const std::vector<std::string>& samples, int times) {
  const auto bytes_of = [](const std::string& text) {
    return std::vector<std::uint8_t>(text.begin(), text.end());
  };
  std::mt19937 random(11);
  for (const std::string& sample : samples) {
    ASSERT_NO_THROW(entry(bytes_of(sample))) << sample;
    for (int i = 0; i < times; ++i) {
      const std::string text = mutated(sample, random);
      ASSERT_NO_THROW(entry(bytes_of(text))) << text;
    }
  }
}

}  // namespace rearview::test

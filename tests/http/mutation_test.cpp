#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "tests/support/fuzz_http.h"

namespace rearview::test {
namespace {

using Entry = void (*)(std::span<const std::uint8_t>);

/// The samples as they are, and spoilt at random.
void spoil(const std::vector<std::string>& samples, Entry entry, int rounds) {
  std::mt19937 random(1);  // NOLINT: the same each time
  const auto below = [&random](std::size_t n) { return n == 0 ? 0 : random() % n; };
  for (int round = 0; round < rounds; ++round) {
    std::string bytes = samples[static_cast<std::size_t>(round) % samples.size()];
    const std::size_t changes = round < static_cast<int>(samples.size()) ? 0 : 1 + below(4);
    for (std::size_t i = 0; i < changes; ++i) {
      const std::string& other = samples[below(samples.size())];
      const std::size_t at = below(bytes.size());
      const std::size_t from = below(other.size());
      switch (below(5)) {
        case 0:
          bytes[at] = static_cast<char>(random());
          break;
        case 1:
          bytes.erase(at, 1 + below(8));
          break;
        case 2:
          bytes.insert(at, other, from, below(80));
          break;
        case 3:
          bytes.insert(at, 1 + below(600), bytes[at]);
          break;
        default:
          bytes.resize(at + 1);
      }
      if (bytes.empty()) bytes = "x";
    }
    const std::vector<std::uint8_t> input(bytes.begin(), bytes.end());
    ASSERT_NO_THROW(entry(input)) << bytes;
  }
}

TEST(Mutation, HttpRequests) {
  spoil(http_request_samples(), fuzz_http_request, 20'000);
}

TEST(Mutation, HttpValues) {
  spoil(http_values_samples(), fuzz_http_values, 20'000);
}

TEST(Mutation, WebSocketFrames) {
  spoil(web_socket_samples(), fuzz_web_socket, 300);
}

}  // namespace
}  // namespace rearview::test

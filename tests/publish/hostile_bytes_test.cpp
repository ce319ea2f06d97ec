#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "publish/mqtt_frame.h"
#include "tests/support/fuzz_peers.h"

// The fuzzers' entry functions with seeded mutations, for builds without clang.

namespace rearview::test {
namespace {

std::span<const std::uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string mutated(std::string text, std::mt19937& random) {
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

using Entry = void (*)(std::span<const std::uint8_t>);

void drive(Entry entry, const std::vector<std::string>& seeds) {
  std::mt19937 random(11);
  for (const std::string& seed : seeds) {
    EXPECT_NO_THROW(entry(bytes_of(seed))) << seed;
    for (int i = 0; i < 5000; ++i) {
      const std::string text = mutated(seed, random);
      ASSERT_NO_THROW(entry(bytes_of(text))) << text;
    }
  }
}

TEST(HostileBytes, OfGpsd) {
  drive(fuzz_gpsd,
        {R"({"class":"VERSION","release":"3.22","rev":"3.22","proto_major":3,"proto_minor":14})"
         "\n",
         R"({"class":"TPV","device":"/dev/ttyACM0","status":1,"mode":3,)"
         R"("time":"2024-05-04T10:11:12.000Z","ept":0.005,"lat":52.5,"lon":13.4,"altHAE":80.1,)"
         R"("epx":3.1,"epy":3.2,"epv":9.2,"track":11.2,"speed":5.5,"climb":0.1,"eph":4.5})"
         "\n",
         R"({"class":"SKY","satellites":[{"PRN":1,"el":3,"az":4,"ss":5,"used":true}]})"
         "\n"});
}

TEST(HostileBytes, OfAClientOfTheSocket) {
  drive(fuzz_ndjson,
        {"{\"after\":1,\"analysis\":true}\n", "\n\n{\"analysis\":false}\n{\"after\":2}",
         "nonsense\nnonsense\n", std::string(20'000, 'x'),
         std::string(4000, '[') + "\n" + std::string(9000, '[')});
}

TEST(HostileBytes, OfTheMqttProcess) {
  const MqttFrame closed{.kind = MqttFrame::Kind::closed, .message = {.payload = "why"}};
  const MqttFrame answered{.kind = MqttFrame::Kind::answered, .flag = true, .number = 7};
  drive(fuzz_mqtt, {encode(closed) + encode(answered), encode(answered) + encode(answered)});
}

}  // namespace
}  // namespace rearview::test

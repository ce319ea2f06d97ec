#include "tests/support/fuzz_peers.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "position/gpsd_reader.h"
#include "publish/mqtt_frame.h"
#include "publish/ndjson_client.h"
#include "types/json.h"

namespace rearview::test {
namespace {

void promise(bool kept, const char* what) {
  if (!kept) throw std::logic_error(what);
}

std::string text_of(std::span<const std::uint8_t> input) {
  return {input.begin(), input.end()};
}

/// A few alerts.
class ShortHistory final : public AlertHistory {
 public:
  std::vector<KeptAlert> alerts(const AlertQuery& query) const override {
    std::vector<KeptAlert> found;
    for (std::uint64_t id = query.after; id < kNewest && found.size() < query.limit; ++id) {
      Alert alert;
      alert.id = id + 1;
      found.push_back(kept(std::move(alert), {}));
    }
    return found;
  }
  std::optional<KeptAlert> alert(std::uint64_t) const override { return std::nullopt; }
  std::uint64_t newest_id() const override { return kNewest; }

 private:
  static constexpr std::uint64_t kNewest = 3;
};

/// All frames of bytes that come in pieces of that size; then whether the end was a bad one.
std::vector<std::string> frames_of(std::string_view bytes, std::size_t piece) {
  constexpr std::size_t kMost = 4096;
  std::vector<std::string> found;
  MqttFrameReader reader(kMost);
  try {
    while (!bytes.empty()) {
      reader.append(bytes.substr(0, piece));
      bytes.remove_prefix(std::min(piece, bytes.size()));
      while (const auto frame = reader.next()) {
        promise(frame->message.topic.size() + frame->message.payload.size() <= kMost, "too long");
        found.push_back(encode(*frame));
      }
    }
  } catch (const std::runtime_error&) {
    found.emplace_back("no frame");
  }
  return found;
}

}  // namespace

void fuzz_gpsd(std::span<const std::uint8_t> input) {
  constexpr double kWorst_m = 100;
  GpsdReader reader(kWorst_m);
  const std::string text = text_of(input);
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    const GpsdReport report = reader.read(std::string_view(text).substr(from, end - from));
    from = end + 1;
    if (report.kind != GpsdReport::Kind::fix) continue;
    const Position& at = report.fix.position;
    promise(std::abs(at.lat_deg) <= 90 && std::abs(at.lon_deg) <= 180, "not on Earth");
    promise(!at.accuracy_m || (*at.accuracy_m >= 0 && *at.accuracy_m <= kWorst_m), "accuracy");
    const auto& speed_mps = report.fix.speed_mps;
    promise(!speed_mps || (*speed_mps >= 0 && *speed_mps <= kFastest_mps), "speed");
    promise(!report.fix.time_s || std::isfinite(*report.fix.time_s), "time");
  }
}

void fuzz_ndjson(std::span<const std::uint8_t> input) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0)
    throw std::runtime_error("no socket pair");
  const ShortHistory history;
  std::string answered;
  {
    NdjsonClient client(Output::socket(ends[0]), AlertFeed(history, history.newest_id()), false,
                        SteadyTime(), SteadyClock::now());
    const std::string text = text_of(input);
    constexpr std::size_t kPiece = 4096;
    for (std::size_t from = 0; from < text.size() && !client.gone(); from += kPiece) {
      const std::string_view piece = std::string_view(text).substr(from, kPiece);
      if (send(ends[1], piece.data(), piece.size(), MSG_NOSIGNAL) <= 0) break;
      if (client.reads()) client.read();
    }
    client.write(SteadyClock::now());
  }
  std::array<char, 65'536> buffer;
  for (ssize_t got; (got = recv(ends[1], buffer.data(), buffer.size(), 0)) > 0;)
    answered.append(buffer.data(), static_cast<std::size_t>(got));
  close(ends[1]);
  std::size_t errors = 0;
  for (std::size_t at = 0; (at = answered.find(R"({"type":"error")", at)) != std::string::npos;
       ++at)
    ++errors;
  promise(errors <= 1, "one error ends it");
  promise(answered.empty() || answered.ends_with('\n'), "whole lines");
}

void fuzz_mqtt(std::span<const std::uint8_t> input) {
  const std::string bytes = text_of(input);
  const auto whole = frames_of(bytes, bytes.size() + 1);
  promise(frames_of(bytes, 1) == whole && frames_of(bytes, 7) == whole, "the cut matters");
}

std::vector<std::string> gpsd_samples() {
  return {R"({"class":"VERSION","release":"3.22","rev":"3.22","proto_major":3,"proto_minor":14})"
          "\n",
          R"({"class":"TPV","device":"/dev/ttyACM0","status":1,"mode":3,)"
          R"("time":"2024-05-04T10:11:12.000Z","ept":0.005,"lat":52.5,"lon":13.4,"altHAE":80.1,)"
          R"("epx":3.1,"epy":3.2,"epv":9.2,"track":11.2,"speed":5.5,"climb":0.1,"eph":4.5})"
          "\n",
          R"({"class":"SKY","satellites":[{"PRN":1,"el":3,"az":4,"ss":5,"used":true}]})"
          "\n"};
}

std::vector<std::string> ndjson_samples() {
  return {"{\"after\":1,\"analysis\":true}\n", "\n\n{\"analysis\":false}\n{\"after\":2}",
          "nonsense\nnonsense\n", std::string(20'000, 'x'),
          std::string(4000, '[') + "\n" + std::string(9000, '[')};
}

std::vector<std::string> mqtt_samples() {
  const MqttFrame closed{.kind = MqttFrame::Kind::closed, .message = {.payload = "why"}};
  const MqttFrame answered{.kind = MqttFrame::Kind::answered, .flag = true, .number = 7};
  return {encode(closed) + encode(answered), encode(answered) + encode(answered)};
}

}  // namespace rearview::test

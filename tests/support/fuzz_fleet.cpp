#include "tests/support/fuzz_fleet.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "collect/stream_message.h"

namespace rearview::test {

void fuzz_fleet(std::span<const std::uint8_t> input) {
  const std::string text(input.begin(), input.end());
  const std::size_t end = std::min(text.find('\n'), text.size());
  StreamMessage message;
  message.subject = text.substr(0, end);
  if (end < text.size()) message.payload = text.substr(end + 1);
  const std::string fault = fault_of(message);
  if (!fault.empty()) {
    if (fault.size() > 300) throw std::logic_error("broken promise: a few words");
    return;
  }
  const auto json = nlohmann::json::parse(message.payload);
  if (!message.subject.starts_with("rearview." + json.at("gateway").get<std::string>() + "."))
    throw std::logic_error("broken promise: it speaks for itself");
}

std::vector<std::string> fleet_samples() {
  return {R"(rearview.bike.alert
{"version":1,"gateway":"bike","uuid":"u","epoch":"e","type":"alert","alert":{"id":7}})",
          R"(rearview.bike.state
{"version":1,"gateway":"bike","uuid":"u","epoch":"e","type":"state","state":{}})",
          "rearview.bike.pass\n{\"version\":" + std::string(2000, '['),
          "rearview.bike.ride\n{\"version\":12345678901234567890}"};
}

}  // namespace rearview::test

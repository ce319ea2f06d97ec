#include "app/discover_command.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>

#include "base/endpoint.h"
#include "base/error.h"
#include "receive/discovery.h"

namespace rearview {
namespace {

// Avahi itself waits a second for answers.
constexpr std::chrono::seconds kTimeout{4};

/// Without control characters: what a stranger in the network calls itself must not drive the
/// terminal.
std::string harmless(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, '?');
  // C1 controls, in UTF-8 C2 80 to C2 9F.
  for (std::size_t at = 0; (at = text.find('\xc2', at)) != std::string::npos; ++at) {
    if (at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0xa0)
      text.replace(at, 2, "?");
  }
  return text;
}

}  // namespace

int discover_command() {
  const auto cameras = discover_cameras(kTimeout);
  if (cameras.empty()) {
    fmt::print(stderr, "no camera announces itself in this network (_velovision._tcp)\n");
    return kExitDone;
  }
  constexpr std::string_view kRow = "{:<24}  {:<32}  {:<24}  {}\n";
  fmt::print(kRow, "NAME", "HOST", "ADDRESS", "PORT");
  for (const DiscoveredCamera& camera : cameras)
    fmt::print(kRow, harmless(camera.name), harmless(camera.host), camera.address, camera.port);
  fmt::print(stderr, "to watch the first: rearview serve --camera tcp://{}\n",
             Endpoint{cameras.front().address, cameras.front().port}.text());
  return kExitDone;
}

}  // namespace rearview

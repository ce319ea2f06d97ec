#include "app/discover_command.h"

#include <fmt/core.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>

#include "base/endpoint.h"
#include "base/error.h"
#include "base/printable_text.h"
#include "receive/discovery.h"

namespace rearview {
namespace {

// Avahi itself waits a second for answers.
constexpr std::chrono::seconds kTimeout{4};

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
    fmt::print(kRow, printable_text(camera.name), printable_text(camera.host), camera.address,
               camera.port);
  fmt::print(stderr, "to watch the first: rearview serve --camera tcp://{}\n",
             Endpoint{cameras.front().address, cameras.front().port}.text());
  return kExitDone;
}

}  // namespace rearview

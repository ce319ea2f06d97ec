#include "tests/support/fuzz_settings.h"

#include <fstream>
#include <iterator>
#include <stdexcept>

#include "app/config.h"
#include "app/model_catalogue.h"
#include "base/error.h"
#include "tests/support/memory_file.h"

namespace rearview::test {
namespace {

void demand(bool condition, const char* promise) {
  if (!condition) throw std::logic_error(std::string("broken promise: ") + promise);
}

std::string text_of(const std::string& file) {
  std::ifstream in(std::string(REARVIEW_SOURCE) + "/" + file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

void fuzz_settings(std::span<const std::uint8_t> input) {
  const MemoryFile file(input);
  try {
    const Config config = read_config(file.path());
    demand(!config.cameras.empty(), "there is a camera");
    for (const CameraConfig& camera : config.cameras)
      demand(!camera.name.empty() && !camera.receiver.url.empty(), "a camera has its address");
  } catch (const UsageError& error) {
    demand(std::string(error.what()).starts_with(file.path().string()),
           "a refusal names its source");
  }
}

void fuzz_manifest(std::span<const std::uint8_t> input) {
  const MemoryFile file(input);
  try {
    const ModelCatalogue catalogue(file.path(), {});
    for (const Model& model : catalogue.models()) {
      demand(catalogue.find(model.name) != nullptr, "each is found by its name");
      demand(model.file.find('/') == std::string::npos && !model.file.starts_with('.'),
             "a file stays in its folder");
      demand(model.sha256.size() == 64, "each has its sum");
      demand(model.url.empty() || model.url.starts_with("https://"), "fetched over HTTPS alone");
    }
  } catch (const UsageError& error) {
    demand(std::string(error.what()).starts_with(file.path().string()),
           "a refusal names its source");
  }
}

std::vector<std::string> settings_samples() {
  return {
      text_of("config/rearview.json"),
      R"({"cameras":[{"name":"rear","url":"tcp://a:1","stages":[{"type":"view"},)"
      R"({"type":"looming"},{"type":"tracker"},{"type":"approach"}]},{"name":"left","url":"b"}],)"
      R"("publish":{"webhooks":[{"name":"home","url":"http://x/"}],"mqtt":{"url":"mqtt://y"},)"
      R"("nats":{"url":"nats://z",)"
      R"("privacy":{"zones":[{"lat":1,"lon":2}]}}},)"
      R"("store":{"folder":"none"},"gps":{"enabled":true}})",
      std::string(3000, '['), "{\"store\":{\"keep_days\":1e400}}"};
}

std::vector<std::string> manifest_samples() {
  return {text_of("models/manifest.json")};
}

}  // namespace rearview::test

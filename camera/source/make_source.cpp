#include "camera/source/make_source.h"

#include <fmt/format.h>

#include <filesystem>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "camera/source/decoded_file_source.h"
#include "camera/source/encoded_source.h"
#include "camera/source/file_source.h"
#include "camera/source/scene_source.h"

namespace rearview::camera {
namespace {

constexpr std::string_view kFile = "file:";

OpenedSource open_scene(const SourceConfig& config, const SceneConfig& scene,
                        const EncoderConfig& encoder, Pace pace) {
  auto pictures =
      std::make_unique<SceneSource>(scene, encoder.width_px, encoder.height_px, encoder.fps, pace);
  const SceneSource* drawn = pictures.get();
  return {std::make_unique<EncodedSource>(config.input, std::move(pictures), encoder),
          [drawn] { return drawn->truth(); }};
}

OpenedSource open_file(const SourceConfig& config, const EncoderConfig& encoder, Pace pace) {
  const std::string path = config.input.substr(kFile.size());
  if (!std::filesystem::is_regular_file(path))
    throw UsageError(fmt::format("source {}: there is no such file", config.input));
  // With the protocol in front no file name can be taken for another one.
  const std::string url = "file:" + path;
  std::unique_ptr<PictureSource> pictures;
  try {
    const auto reason = config.pass_through
                            ? why_not_passed_through(url, config.raw_fps, config.max_gop_s)
                            : std::string("source.pass_through is false");
    if (!reason) return {std::make_unique<FileSource>(config.input, url, config.raw_fps, pace), {}};
    log::info("source", "encoding the file again", {{"file", path}, {"why", *reason}});
    pictures = std::make_unique<DecodedFileSource>(url, config.raw_fps, encoder.fps,
                                                   encoder.threads, pace);
  } catch (const std::runtime_error& e) {
    throw UsageError(fmt::format("source {}: can't be played: {}", config.input, e.what()));
  }
  return {std::make_unique<EncodedSource>(config.input, std::move(pictures), encoder), {}};
}

}  // namespace

void SourceConfig::read(ConfigReader& reader) {
  reader.text("input", input, 1);
  try {
    check_source(input);
  } catch (const UsageError& e) {
    reader.fail("input", e.what());
  }
  reader.number("raw_fps", raw_fps, 1, 120);
  reader.boolean("pass_through", pass_through);
  reader.number("max_gop_s", max_gop_s, 0.5, 60);
}

void check_source(const std::string& input) {
  if (input == "scene") return;
  if (input.starts_with(kFile) && input.size() > kFile.size()) return;
  throw UsageError(fmt::format("\"{}\" is not a source; known: scene, file:PATH", input));
}

OpenedSource open_source(const SourceConfig& config, const SceneConfig& scene,
                         const EncoderConfig& encoder, Pace pace) {
  check_source(config.input);
  if (config.input == "scene") return open_scene(config, scene, encoder, pace);
  return open_file(config, encoder, pace);
}

}  // namespace rearview::camera

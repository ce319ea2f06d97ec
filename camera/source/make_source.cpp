#include "camera/source/make_source.h"

#include <fmt/core.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "camera/source/child_source.h"
#include "camera/source/decoded_file_source.h"
#include "camera/source/encoded_source.h"
#include "camera/source/file_source.h"
#include "camera/source/live_source.h"
#include "camera/source/scene_source.h"
#include "camera/source/supervised_source.h"

namespace rearview::camera {
namespace {

constexpr std::string_view kFile = "file:";
constexpr std::string_view kV4l2 = "v4l2:";
constexpr std::string_view kRpicam = "rpicam";
constexpr SupervisedSource::Pauses kPauses{};

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
  const auto decoded = [config, encoder, url](const Pacer& pacer) {
    return std::make_unique<DecodedFileSource>(url, config.raw_fps, encoder.fps, encoder.threads,
                                               pacer);
  };
  const auto encoded = [config, encoder, decoded](const Pacer& pacer) {
    return std::make_unique<EncodedSource>(config.input, decoded(pacer), encoder);
  };
  std::unique_ptr<PictureSource> pictures;
  try {
    const auto reason = config.pass_through
                            ? why_not_passed_through(url, config.raw_fps, config.max_gop_s)
                            : std::string("source.pass_through is false");
    if (!reason)
      return {std::make_unique<FileSource>(config.input, url, config.raw_fps, pace, encoded), {}};
    log::info("source", "encoding the file again", {{"file", path}, {"why", *reason}});
    pictures = decoded(Pacer(pace));
  } catch (const std::runtime_error& e) {
    throw UsageError(fmt::format("source {}: can't be played: {}", config.input, e.what()));
  }
  return {std::make_unique<EncodedSource>(config.input, std::move(pictures), encoder), {}};
}

LiveInput live_input(const SourceConfig& config, const EncoderConfig& encoder,
                     std::stop_token stop) {
  LiveInput live;
  live.stop = std::move(stop);
  if (config.input.starts_with(kV4l2)) {
    load_libavdevice();
    live.format = "v4l2";
    live.settings = {{"video_size", fmt::format("{}x{}", encoder.width_px, encoder.height_px)},
                     {"framerate", fmt::format("{}", encoder.fps)}};
    if (!config.v4l2_format.empty()) live.settings["input_format"] = config.v4l2_format;
  } else {
    // Half a second of looking tells what a camera sends; RTSP by UDP loses packets on Wi-Fi.
    live.settings = {{"analyzeduration", "500000"}, {"rtsp_transport", "tcp"}};
  }
  return live;
}

std::optional<std::string> why_encoded(const SourceConfig& config,
                                       const AVCodecParameters& parameters) {
  if (!config.pass_through) return "source.pass_through is false";
  if (parameters.codec_id != AV_CODEC_ID_H264)
    return fmt::format("it is {}, not H.264", avcodec_get_name(parameters.codec_id));
  if (parameters.video_delay > 0) return "it has B-frames";
  return std::nullopt;
}

/// A device or an address: H.264 that fits is passed through, anything else encoded.
std::unique_ptr<CodedSource> open_live(const SourceConfig& config, const EncoderConfig& encoder,
                                       const std::string& url, std::stop_token stop) {
  // Opened only once: some inputs serve nobody twice.
  auto input = std::make_unique<MediaInput>(url, live_input(config, encoder, std::move(stop)));
  const AVCodecParameters& given = *input->stream().codecpar;
  log::info("source", "gives",
            {{"source", config.input},
             {"codec", avcodec_get_name(given.codec_id)},
             {"width_px", given.width},
             {"height_px", given.height},
             {"fps", fmt::format("{:.4g}", input->fps())}});
  const auto why = why_encoded(config, given);
  if (!why)
    return std::make_unique<LiveCodedSource>(config.input, std::move(input), config.raw_fps);
  log::info("source", "encoding", {{"source", config.input}, {"why", *why}});
  auto pictures = std::make_unique<LivePictureSource>(std::move(input), config.raw_fps, encoder.fps,
                                                      encoder.threads);
  return std::make_unique<EncodedSource>(config.input, std::move(pictures), encoder);
}

OpenedSource supervised(const SourceConfig& config, SupervisedSource::Open open, Pace pace) {
  if (pace == Pace::fastest)
    throw UsageError(fmt::format("source {}: is live, so it can't be rendered", config.input));
  return {
      std::make_unique<SupervisedSource>(config.input, std::move(open), kPauses, config.frozen_s),
      {}};
}

}  // namespace

std::vector<std::string> default_rpicam_command() {
  return {"rpicam-vid", "--nopreview", "--timeout",   "0",         "--width",   "640",
          "--height",   "360",         "--framerate", "30",        "--bitrate", "1000000",
          "--intra",    "60",          "--inline",    "--profile", "high",      "--level",
          "4.2",        "--flush",     "--codec",     "h264",      "--output",  "-"};
}

void SourceConfig::check(const ConfigReader& reader) const {
  try {
    check_source(input);
  } catch (const UsageError& e) {
    reader.fail("input", e.what());
  }
}

void check_source(const std::string& input) {
  if (input == "scene" || input == kRpicam) return;
  for (const std::string_view prefix : {kFile, kV4l2}) {
    if (input.starts_with(prefix) && input.size() > prefix.size()) return;
  }
  if (const auto scheme_end = input.find("://"); scheme_end != std::string::npos && scheme_end > 0)
    return;
  throw UsageError(fmt::format(
      "\"{}\" is not a source; known: scene, file:PATH, v4l2:DEVICE, rpicam, or a URL", input));
}

OpenedSource open_source(const SourceConfig& config, const SceneConfig& scene,
                         const EncoderConfig& encoder, Pace pace) {
  check_source(config.input);
  if (config.input == "scene") return open_scene(config, scene, encoder, pace);
  if (config.input.starts_with(kFile)) return open_file(config, encoder, pace);
  if (config.input == kRpicam) {
    return supervised(
        config,
        [config](const std::stop_token&) {
          return std::make_unique<ChildSource>(config.input, config.rpicam_command, config.raw_fps);
        },
        pace);
  }
  const std::string url =
      config.input.starts_with(kV4l2) ? config.input.substr(kV4l2.size()) : config.input;
  return supervised(
      config,
      [config, encoder, url](std::stop_token stop) {
        return open_live(config, encoder, url, std::move(stop));
      },
      pace);
}

}  // namespace rearview::camera

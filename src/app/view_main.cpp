#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <opencv2/core/utility.hpp>
#include <opencv2/highgui.hpp>
#include <stdexcept>
#include <string>

extern "C" {
#include <libavutil/log.h>
}

#include "app/camera_pipeline.h"
#include "app/config.h"
#include "app/program.h"
#include "base/build_info.h"
#include "base/error.h"
#include "base/latest_slot.h"
#include "base/log.h"
#include "base/termination.h"

namespace rearview {
namespace {

struct ViewOptions {
  std::string input;             ///< as the receiver's url: tcp://host:port, a recording, any URL
  std::filesystem::path config;  ///< empty: defaults; the first camera's settings are used
};

constexpr const char* kWindow = "rearview";
constexpr int kKeyWait_ms = 10;
constexpr int kEscape = 27;

struct Window final : CameraListener {
  bool wants_picture(std::size_t /*camera*/) const override { return true; }
  void picture(std::size_t /*camera*/, const DrawnPicture& picture) override {
    pictures.put(picture.bgr());
  }

  LatestSlot<cv::Mat> pictures;
};

bool closed_by_user() {
  const int key = cv::waitKey(kKeyWait_ms) & 0xff;
  return key == 'q' || key == 'Q' || key == kEscape ||
         cv::getWindowProperty(kWindow, cv::WND_PROP_VISIBLE) < 1;
}

/// The live overlay in a window until Q, Escape, the window's cross or a signal. Throws UsageError,
/// and std::runtime_error where there is no screen.
int show(const ViewOptions& options) {
  Config config = read_config_or_default(options.config);
  log::set_level(config.log_level);
  cv::setNumThreads(config.opencv_threads);
  CameraConfig& camera = config.cameras.front();
  camera.receiver.url = options.input;
  camera.receiver.check("INPUT");
  if (!std::getenv("DISPLAY") && !std::getenv("WAYLAND_DISPLAY"))
    throw std::runtime_error(
        "no screen: neither DISPLAY nor WAYLAND_DISPLAY is set; use `rearview serve` and a "
        "browser");

  Termination termination;
  Window window;
  EventBus bus(1, [](const Alert& alert, const Annotated&) {
    return std::make_shared<const KeptAlert>(KeptAlert{alert});
  });
  bus.add(window);
  CameraPipeline pipeline(camera, 0, make_stages(config, camera), bus,
                          [&termination](const std::string& reason) { termination.fail(reason); });
  cv::namedWindow(kWindow, cv::WINDOW_NORMAL | cv::WINDOW_KEEPRATIO);
  pipeline.start();
  while (!termination.requested() && !closed_by_user()) {
    if (const auto bgr = window.pictures.take_until({}, SteadyClock::now()))
      cv::imshow(kWindow, *bgr);
  }
  pipeline.stop();
  if (const auto failure = termination.failure()) throw std::runtime_error(*failure);
  return kExitDone;
}

int run(int argc, char** argv) {
  av_log_set_level(AV_LOG_FATAL);  // what matters comes back as an error code
  CLI::App app("Shows the overlay in a window.", "rearview view");
  app.set_version_flag("--version",
                       [] { return version_text("rearview-view", library_versions()); });
  ViewOptions options;
  app.add_option("INPUT", options.input, "tcp://host:port, a recording, or any video URL")
      ->required();
  app.add_option("--config", options.config, "configuration file (JSON)")->type_name("FILE");
  if (const auto done = parse(app, argc, argv)) return *done;
  return show(options);
}

}  // namespace
}  // namespace rearview

int main(int argc, char** argv) {
  return rearview::run_program("rearview view", [&] { return rearview::run(argc, argv); });
}

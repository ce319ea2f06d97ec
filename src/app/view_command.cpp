#include "app/view_command.h"

#include <cstdlib>
#include <opencv2/core/utility.hpp>
#include <opencv2/highgui.hpp>
#include <stdexcept>
#include <utility>

#include "app/camera_pipeline.h"
#include "app/config.h"
#include "base/error.h"
#include "base/latest_slot.h"
#include "base/log.h"
#include "base/termination.h"

namespace rearview {
namespace {

constexpr const char* kWindow = "rearview";
constexpr int kKeyWait_ms = 10;
constexpr int kEscape = 27;

bool closed_by_user() {
  const int key = cv::waitKey(kKeyWait_ms) & 0xff;
  return key == 'q' || key == 'Q' || key == kEscape ||
         cv::getWindowProperty(kWindow, cv::WND_PROP_VISIBLE) < 1;
}

}  // namespace

int view_command(const ViewOptions& options) {
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
  LatestSlot<cv::Mat> pictures;
  PipelineOutputs outputs;
  outputs.analysis = [](const AnalysisPtr&) {};
  outputs.alert = [](const Alert&, const Annotated&) {};
  outputs.wants_picture = [] { return true; };
  outputs.picture = [&pictures](cv::Mat bgr) { pictures.put(std::move(bgr)); };
  outputs.failure = [&termination](const std::string& reason) { termination.fail(reason); };
  CameraPipeline pipeline(camera, make_stages(config, camera), std::move(outputs));
  cv::namedWindow(kWindow, cv::WINDOW_NORMAL | cv::WINDOW_KEEPRATIO);
  pipeline.start();
  while (!termination.requested() && !closed_by_user()) {
    if (const auto bgr = pictures.take_until({}, SteadyClock::now())) cv::imshow(kWindow, *bgr);
  }
  pipeline.stop();
  if (const auto failure = termination.failure()) throw std::runtime_error(*failure);
  return kExitDone;
}

}  // namespace rearview

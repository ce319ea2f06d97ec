#include "app/view_command.h"

#include <cstdlib>
#include <memory>
#include <opencv2/core/utility.hpp>
#include <opencv2/highgui.hpp>
#include <stdexcept>

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

}  // namespace rearview

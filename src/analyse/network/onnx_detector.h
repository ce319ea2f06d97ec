#pragma once

#include <array>
#include <filesystem>
#include <map>
#include <memory>
#include <opencv2/core.hpp>
#include <string_view>
#include <vector>

#include "analyse/network/box_decoder.h"
#include "analyse/network/inference_backend.h"
#include "analyse/network/look_rate.h"
#include "analyse/network/pace.h"
#include "analyse/network/still_watch.h"
#include "analyse/network/tuning.h"
#include "analyse/stage.h"
#include "base/setting.h"

namespace rearview {

/// Whether a network does all of its work whatever the machine can do.
enum class NetworkPace { fixed, automatic };
constexpr auto names_of(NetworkPace) {
  return std::to_array<std::string_view>({"fixed", "auto"});
}

struct OnnxSettings {
  std::filesystem::path model;
  NetworkFamily family = NetworkFamily::yolox;
  cv::Size input{416, 256};
  /// Low on purpose: the tracker follows a known vehicle through weak detections, and takes only
  /// strong ones for new.
  double score_threshold = 0.1;
  double nms_iou = 0.6;
  /// The network's class number -> ours. Empty: COCO's vehicles, if the network has COCO's 80
  /// classes.
  std::map<int, VehicleClass> classes;
  cv::Rect2d region{0, 0, 1, 1};  ///< fractions of the picture's sides
  InferenceSettings inference;
  int every = 1;
  int offset = 0;
  /// A rider who waits at a crossing saves most of the network's time.
  int still_every = 1;
  NetworkPace pace = NetworkPace::fixed;

  static void read_input(ConfigReader& reader, const Setting& row, OnnxSettings& settings);
  static void read_classes(ConfigReader& reader, const Setting& row, OnnxSettings& settings);
  static void read_region(ConfigReader& reader, const Setting& row, OnnxSettings& settings);
  static constexpr auto settings() {
    using S = OnnxSettings;
    return std::array{
        setting<&S::model>("model",
                           "A name of `rearview models list`, whose settings are then the defaults "
                           "of the other keys; or an ONNX file, from this file's folder, with a / "
                           "or the ending .onnx."),
        setting<&S::family>("family", "How its outputs are read."),
        setting<read_input>("input", "Size of the network's input."),
        setting<&S::score_threshold>("score_threshold",
                                     {0.01, network_tuning::onnx_detector::kMostThreshold},
                                     "Boxes below are not reported."),
        setting<&S::nms_iou>("nms_iou", {0.1, 0.95},
                             "Of two boxes of one class that overlap more, the weaker goes."),
        setting<read_classes>(
            "classes",
            "The network's class number to ours; others are not looked at. Absent: COCO's "
            "vehicles, if it has COCO's 80 classes."),
        setting<read_region>("region",
                             "Part of the picture to look at, as fractions of its sides."),
        inlined<&S::inference>(),
        setting<&S::every>("every", {1, 30},
                           "Looks at every n-th frame; of the others it says that it rested."),
        setting<&S::offset>("offset", {0, 29}, "The first one; less than every."),
        setting<&S::still_every>("still_every", {1, 30},
                                 "While nothing moves in the picture, looks only at every n-th "
                                 "frame, rounded up to the turns of every; not above every: off."),
        setting<&S::pace>("pace",
                          "auto: where the machine can't analyse 15 pictures a second, looks more "
                          "seldom and at a smaller input, as far as is needed, and more again "
                          "where there is time; every and input are then the most."),
    };
  }
  void check(const ConfigReader& reader) const;
};

/// Finds vehicles with a neural network and appends them to analysis.detections, at most 100, best
/// first. With pace auto, says in analysis.pace how it looks. Boxes are cut at the picture's
/// border; those that a region's inner border cuts are dropped, because their true extent isn't
/// known.
///
/// Construction loads the model and runs it once: std::runtime_error names the model and says
/// what is wrong with it (no file, not readable, outputs that are not the family's, classes it
/// hasn't). process() throws std::runtime_error if the network gives numbers that are not finite.
class OnnxDetector : public Stage {
 public:
  /// "onnx". Keys: those of OnnxSettings; model has to be there, a path.
  static const StageType kType;

  explicit OnnxDetector(OnnxSettings settings);

  const StageType& type() const override { return kType; }
  void process(const FrameContext& context, Analysis& analysis) override;
  void reset() noexcept override;

 private:
  /// The network with one size of its input.
  struct Look {
    Look(const OnnxSettings& settings, cv::Size size);
    /// The network's answer to what `input` was filled with.
    const std::vector<cv::Mat>& outputs();

    cv::Size input_px;
    std::unique_ptr<BoxDecoder> decoder;
    NetworkInput input;
    std::unique_ptr<InferenceBackend> network;
  };
  struct Step {
    std::size_t look;
    int seldomer;  ///< times `every`
  };

  void read_classes(int classes);
  void add_steps();
  void keep_pace(const Frame& frame, Analysis& analysis);
  int every() const;
  /// It isn't this picture's turn, or nothing has moved since the last look.
  bool rests(const Frame& frame);

  OnnxSettings settings_;
  std::vector<Look> looks_;  ///< the largest first
  std::vector<Step> steps_;
  std::vector<int> labels_;
  std::vector<Candidate> found_;
  int frames_ = 0;
  StillWatch watch_;
  int since_look_ = 0;  ///< frames
  LookRate rate_;
  Pace pace_{1};
};

}  // namespace rearview

#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <opencv2/core.hpp>

#include "analyse/network/box_decoder.h"
#include "analyse/network/inference_backend.h"
#include "analyse/network/still_watch.h"
#include "analyse/stage.h"
#include "base/config_reader.h"

namespace rearview {

struct OnnxSettings {
  std::filesystem::path model;
  NetworkFamily family = NetworkFamily::yolox;
  cv::Size input{416, 256};
  /// Boxes below are not reported. Low on purpose: the tracker follows a known vehicle through
  /// weak detections, and takes only strong ones for new.
  double score_threshold = 0.1;
  double nms_iou = 0.6;
  /// The network's class number -> ours; others are not looked at. Empty: COCO's vehicles, if the
  /// network has COCO's 80 classes.
  std::map<int, VehicleClass> classes;
  /// Part of the picture to look at, as fractions of its sides.
  cv::Rect2d region{0, 0, 1, 1};
  InferenceSettings inference;
  /// Looks at every n-th frame, beginning with number `offset` (from 0); of the others it says that
  /// it rested.
  int every = 1;
  int offset = 0;
  /// While the luma says that nothing moves, looks only at every n-th frame, rounded up to the
  /// turns of `every`: a rider who waits at a crossing saves most of the network's time. Not above
  /// `every`: looks whatever moves.
  int still_every = 1;

  /// Takes over the keys that are there: model, family, input {width, height}, score_threshold,
  /// nms_iou, classes {"number": "class"}, region {x, y, w, h}, those of InferenceSettings, every,
  /// offset, still_every. Throws UsageError.
  void read(ConfigReader& config);
};

/// Finds vehicles with a neural network and appends them to analysis.detections, at most 100, best
/// first. Boxes are cut at the picture's border; those that a region's inner border cuts are
/// dropped, because their true extent isn't known.
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
  void process(const Frame& frame, Analysis& analysis) override;
  void reset() noexcept override;

 private:
  bool rests(const Frame& frame);
  /// The network's answer to input_.
  const std::vector<cv::Mat>& outputs();

  OnnxSettings settings_;
  std::unique_ptr<BoxDecoder> decoder_;
  NetworkInput input_;
  std::unique_ptr<InferenceBackend> network_;
  std::vector<int> labels_;
  std::vector<Candidate> found_;
  int frames_ = 0;
  StillWatch watch_;
  int since_look_ = 0;  ///< frames
};

}  // namespace rearview

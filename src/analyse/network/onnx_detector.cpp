#include "analyse/network/onnx_detector.h"

#include <fmt/core.h>

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "types/json.h"

namespace rearview {
namespace {

constexpr std::size_t kMostDetections = 100;
constexpr float kLeastSide_px = 2;
constexpr int kMostClasses = 1000;
constexpr int kCocoClasses = 80;
// Two boxes this much alike are one vehicle, whatever the classes say.
constexpr float kOneVehicleIou = 0.8F;

std::map<int, VehicleClass> coco_vehicles() {
  return {{1, VehicleClass::bicycle},
          {2, VehicleClass::car},
          {3, VehicleClass::motorcycle},
          {5, VehicleClass::bus},
          {7, VehicleClass::truck}};
}

}  // namespace

OnnxDetector::OnnxDetector(OnnxSettings settings)
    : settings_(std::move(settings)),
      decoder_(make_box_decoder(settings_.family, settings_.input)),
      input_(decoder_->layout(), settings_.region) {
  try {
    network_ = load_network(settings_.inference, settings_.model, settings_.input);
    const int classes = decoder_->class_count(outputs());
    if (settings_.classes.empty()) {
      if (classes != kCocoClasses)
        throw std::runtime_error(fmt::format(
            "has {} classes, not COCO's {}: \"classes\" has to name them", classes, kCocoClasses));
      settings_.classes = coco_vehicles();
    }
    for (const auto& [label, vehicle_class] : settings_.classes) {
      if (label >= classes)
        throw std::runtime_error(fmt::format("has {} classes, numbered from 0: no number {} ({})",
                                             classes, label, name(vehicle_class)));
      labels_.push_back(label);
    }
  } catch (const std::exception& e) {
    throw std::runtime_error(fmt::format("model {} {}", settings_.model.string(), e.what()));
  }
}

const std::vector<cv::Mat>& OnnxDetector::outputs() {
  const std::vector<cv::Mat>& outputs = network_->run(input_.blob());
  for (const cv::Mat& output : outputs) {
    if (!cv::checkRange(output)) throw std::runtime_error("gives numbers that are not finite");
  }
  return outputs;
}

void OnnxDetector::reset() noexcept {
  frames_ = 0;
  since_look_ = 0;
  watch_.clear();
}

bool OnnxDetector::rests(const Frame& frame) {
  const bool turn = frames_ == settings_.offset;
  frames_ = (frames_ + 1) % settings_.every;
  ++since_look_;
  if (!turn) return true;
  if (settings_.still_every > settings_.every) {
    if (since_look_ < settings_.still_every && watch_.still(frame.luma())) return true;
    watch_.keep(frame.luma());
  }
  since_look_ = 0;
  return false;
}

void OnnxDetector::process(const Frame& frame, Analysis& analysis) {
  if (rests(frame)) {
    analysis.detector_rested = true;
    return;
  }

  input_.fill(frame.planes());
  found_.clear();
  try {
    decoder_->decode(outputs(), labels_, static_cast<float>(settings_.score_threshold), found_);
  } catch (const std::exception& e) {
    throw std::runtime_error(fmt::format("model {} {}", settings_.model.string(), e.what()));
  }
  found_ = suppress(std::move(found_), static_cast<float>(settings_.nms_iou), kOneVehicleIou,
                    kMostDetections);

  const cv::Rect2f picture({0, 0}, cv::Size2f(frame.size()));
  const cv::Rect2f shown(input_.shown());
  const auto cut_inside = [&](const cv::Rect2f& box) {  // by a border that isn't the picture's
    constexpr float kMargin_px = 2;
    return (shown.x > 0 && box.x < shown.x + kMargin_px) ||
           (shown.y > 0 && box.y < shown.y + kMargin_px) ||
           (shown.br().x < picture.width && box.br().x > shown.br().x - kMargin_px) ||
           (shown.br().y < picture.height && box.br().y > shown.br().y - kMargin_px);
  };
  for (const Candidate& candidate : found_) {
    const cv::Rect2f whole = input_.to_frame(candidate.box);
    if (!std::isfinite(whole.area()) || cut_inside(whole)) continue;
    const cv::Rect2f box = whole & picture;
    if (box.width < kLeastSide_px || box.height < kLeastSide_px) continue;
    analysis.detections.push_back({.box = box,
                                   .score = std::min(candidate.score, 1.0F),
                                   .vehicle_class = settings_.classes.at(candidate.label),
                                   .detector = "onnx",
                                   .growth_per_s = std::nullopt});
  }
}

void OnnxSettings::read(ConfigReader& config) {
  config.path("model", model);
  config.choice("family", family,
                {{"yolox", NetworkFamily::yolox},
                 {"nanodet_plus", NetworkFamily::nanodet_plus},
                 {"picodet", NetworkFamily::picodet},
                 {"fastestdet", NetworkFamily::fastestdet}});
  config.object("input", [this](ConfigReader& size) {
    constexpr int kStep = 32;  // the families' strides
    size.number("width", input.width, kStep, 2048);
    size.number("height", input.height, kStep, 2048);
    if (input.width % kStep != 0) size.fail("width", "is not a multiple of 32");
    if (input.height % kStep != 0) size.fail("height", "is not a multiple of 32");
  });
  config.number("score_threshold", score_threshold, 0.01, 0.99);
  config.number("nms_iou", nms_iou, 0.1, 0.95);
  config.object("region", [this](ConfigReader& part) {
    part.number("x", region.x, 0, 0.95);
    part.number("y", region.y, 0, 0.95);
    part.number("w", region.width, 0.05, 1);
    part.number("h", region.height, 0.05, 1);
    if (region.x + region.width > 1) part.fail("w", "reaches beyond x + w = 1");
    if (region.y + region.height > 1) part.fail("h", "reaches beyond y + h = 1");
  });
  inference.read(config);
  config.number("every", every, 1, 30);
  config.number("offset", offset, 0, 29);
  config.number("still_every", still_every, 1, 30);
  if (offset >= every) config.fail("offset", fmt::format("is not below \"every\" ({})", every));

  if (const nlohmann::json* found = config.raw("classes")) {
    const ConfigReader names(*found, config.source(), config.where() + "/classes");
    classes.clear();
    for (const auto& [key, value] : found->items()) {
      int label = -1;
      const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), label);
      if (error != std::errc() || end != key.data() + key.size() || label < 0 ||
          label >= kMostClasses)
        names.fail(key, fmt::format("is not a class number from 0 to {}", kMostClasses - 1));
      const auto vehicle_class =
          value.is_string() ? from_name<VehicleClass>(value.get<std::string>()) : std::nullopt;
      if (!vehicle_class)
        names.fail(key, "is not one of car, van, bus, truck, motorcycle, bicycle, vehicle");
      classes[label] = *vehicle_class;
    }
    if (classes.empty()) config.fail("classes", "names no class");
  }
}

namespace {

std::unique_ptr<Stage> make(ConfigReader& config) {
  OnnxSettings settings;
  settings.read(config);
  config.finish();  // a slip of the pen shows before a model that takes seconds to load
  if (settings.model.empty()) config.fail("model", "is missing; the path of an ONNX file");
  return std::make_unique<OnnxDetector>(std::move(settings));
}

}  // namespace

const StageType OnnxDetector::kType{
    .name = "onnx", .reads = {}, .uses = {}, .writes = {Fact::detections}, .make = make};

}  // namespace rearview

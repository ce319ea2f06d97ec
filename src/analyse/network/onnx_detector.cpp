#include "analyse/network/onnx_detector.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "analyse/network/tuning.h"
#include "base/log.h"
#include "types/json.h"

namespace rearview {
namespace {

using namespace network_tuning;
using namespace network_tuning::onnx_detector;

std::map<int, VehicleClass> coco_vehicles() {
  return {{1, VehicleClass::bicycle},
          {2, VehicleClass::car},
          {3, VehicleClass::motorcycle},
          {5, VehicleClass::bus},
          {7, VehicleClass::truck}};
}

}  // namespace

OnnxDetector::Look::Look(const OnnxSettings& settings, cv::Size size)
    : input_px(size),
      decoder(make_box_decoder(settings.family, size)),
      input(decoder->layout(), settings.region),
      network(load_network(settings.inference, settings.model, size)) {}

const std::vector<cv::Mat>& OnnxDetector::Look::outputs() {
  const std::vector<cv::Mat>& outputs = network->run(input.blob());
  for (const cv::Mat& output : outputs) {
    if (!cv::checkRange(output)) throw std::runtime_error("gives numbers that are not finite");
  }
  return outputs;
}

OnnxDetector::OnnxDetector(OnnxSettings settings) : settings_(std::move(settings)) {
  try {
    Look& look = looks_.emplace_back(settings_, settings_.input);
    read_classes(look.decoder->class_count(look.outputs()));
  } catch (const std::exception& e) {
    throw std::runtime_error(fmt::format("model {} {}", settings_.model.string(), e.what()));
  }
  add_steps();
}

void OnnxDetector::read_classes(int classes) {
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
}

void OnnxDetector::add_steps() {
  steps_ = {{0, 1}};
  if (settings_.pace == NetworkPace::fixed) return;
  const auto smaller = [](int side) {
    return std::max(pace::kStride,
                    static_cast<int>(side * pace::kSmaller) / pace::kStride * pace::kStride);
  };
  const cv::Size size(smaller(settings_.input.width), smaller(settings_.input.height));
  if (size != settings_.input) {
    try {
      Look look(settings_, size);
      look.decoder->class_count(look.outputs());
      looks_.push_back(std::move(look));
    } catch (const std::exception&) {
      // Its file allows one size only.
    }
  }
  const std::size_t least = looks_.size() - 1;
  steps_ = {{0, 1}, {0, 2}};
  if (least > 0) steps_.push_back({least, 2});
  steps_.push_back({least, 3});
  pace_ = Pace(steps_.size());
}

int OnnxDetector::every() const {
  const Step& step = steps_[pace_.step()];
  const double most = pace_.analysed_per_s() / (pace::kLooks_per_s * settings_.every);
  return settings_.every * std::clamp(static_cast<int>(most), 1, step.seldomer);
}

void OnnxDetector::keep_pace(const Frame& frame, Analysis& analysis) {
  if (settings_.pace == NetworkPace::fixed) return;
  const bool changed = pace_.see(frame.seq, frame.t_s);
  analysis.pace = {.every = every(), .input_px = looks_[steps_[pace_.step()].look].input_px};
  if (!changed) return;
  log::info("onnx", "the network's pace is another",
            {{"camera", analysis.camera},
             {"pictures_per_s", fmt::format("{:.1f}", pace_.offered_per_s())},
             {"analysed_per_s", fmt::format("{:.1f}", pace_.analysed_per_s())},
             {"every", analysis.pace->every},
             {"input_px", fmt::format("{}x{}", analysis.pace->input_px.width,
                                      analysis.pace->input_px.height)}});
}

void OnnxDetector::reset() noexcept {
  frames_ = 0;
  since_look_ = 0;
  watch_.clear();
  rate_.reset();
  pace_.reset();
}

bool OnnxDetector::rests(const Frame& frame) {
  const int every = this->every();
  const bool turn = frames_ == settings_.offset;
  frames_ = (frames_ + 1) % every;
  ++since_look_;
  rate_.count(turn, frame.t_s);
  if (!turn) return true;
  if (settings_.still_every > every) {
    if (since_look_ < settings_.still_every && watch_.still(frame.luma())) return true;
    watch_.keep(frame.luma());
  }
  since_look_ = 0;
  return false;
}

void OnnxDetector::process(const FrameContext& context, Analysis& analysis) {
  const Frame& frame = context.frame;
  keep_pace(frame, analysis);
  const bool rested = rests(frame);
  rate_.judge(analysis);
  if (rested) {
    analysis.detector_rested = true;
    return;
  }

  Look& look = looks_[steps_[pace_.step()].look];
  look.input.fill(frame.planes());
  found_.clear();
  try {
    look.decoder->decode(look.outputs(), labels_, static_cast<float>(settings_.score_threshold),
                         found_);
  } catch (const std::exception& e) {
    throw std::runtime_error(fmt::format("model {} {}", settings_.model.string(), e.what()));
  }
  found_ = suppress(std::move(found_), static_cast<float>(settings_.nms_iou), kOneVehicleIou,
                    kMostDetections);

  const cv::Rect2f picture({0, 0}, cv::Size2f(frame.size()));
  const cv::Rect2f shown(look.input.shown());
  const auto cut_inside = [&](const cv::Rect2f& box) {  // by a border that isn't the picture's
    return (shown.x > 0 && box.x < shown.x + kCutMargin_px) ||
           (shown.y > 0 && box.y < shown.y + kCutMargin_px) ||
           (shown.br().x < picture.width && box.br().x > shown.br().x - kCutMargin_px) ||
           (shown.br().y < picture.height && box.br().y > shown.br().y - kCutMargin_px);
  };
  for (const Candidate& candidate : found_) {
    const cv::Rect2f whole = look.input.to_frame(candidate.box);
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

void OnnxSettings::read_input(ConfigReader& reader, const Setting& row, OnnxSettings& settings) {
  constexpr Limits kSide{.least = 32, .most = 2048, .step = 32};  // the families' strides
  static constexpr std::array kRows{
      setting<&cv::Size::width>("width", kSide, "Pixels."),
      setting<&cv::Size::height>("height", kSide, "Pixels."),
  };
  reader.object(row.key, [&](ConfigReader& size) { read_rows(size, kRows, &settings.input); });
}

void OnnxSettings::read_region(ConfigReader& reader, const Setting& row, OnnxSettings& settings) {
  static constexpr std::array kRows{
      setting<&cv::Rect2d::x>("x", {0, 1 - kLeastRegion}, "Left edge."),
      setting<&cv::Rect2d::y>("y", {0, 1 - kLeastRegion}, "Upper edge."),
      setting<&cv::Rect2d::width>("w", {kLeastRegion, 1}, "Width."),
      setting<&cv::Rect2d::height>("h", {kLeastRegion, 1}, "Height."),
  };
  cv::Rect2d& region = settings.region;
  reader.object(row.key, [&](ConfigReader& part) {
    read_rows(part, kRows, &region);
    if (region.x + region.width > 1) part.fail("w", "reaches beyond x + w = 1");
    if (region.y + region.height > 1) part.fail("h", "reaches beyond y + h = 1");
    const auto has_middle = [](double from, double size) {
      constexpr double kMiddle = 0.5;
      return from <= kMiddle && from + size >= kMiddle;
    };
    if (!has_middle(region.x, region.width) || !has_middle(region.y, region.height))
      reader.fail(row.key, "leaves out the picture's middle, where vehicles come into sight");
  });
}

void OnnxSettings::read_classes(ConfigReader& reader, const Setting& row, OnnxSettings& settings) {
  std::vector<std::string> names;
  for (const std::string_view name : kNames<VehicleClass>) names.emplace_back(name);
  reader.describe(row.key, {{"type", "object"}, {"additionalProperties", false}});
  reader.describe(row.key, {{"patternProperties", {{"^[0-9]+$", {{"enum", names}}}}}});
  const nlohmann::json* found = reader.raw(row.key);
  if (!found) return;
  const ConfigReader entries(*found, reader.source(), reader.where() + "/" + row.key);
  settings.classes.clear();
  for (const auto& [key, value] : found->items()) {
    int label = -1;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), label);
    if (error != std::errc() || end != key.data() + key.size() || label < 0 ||
        label >= kMostClasses)
      entries.fail(key, fmt::format("is not a class number from 0 to {}", kMostClasses - 1));
    const auto vehicle_class =
        value.is_string() ? from_name<VehicleClass>(value.get<std::string>()) : std::nullopt;
    if (!vehicle_class) entries.fail(key, fmt::format("is not one of {}", fmt::join(names, ", ")));
    settings.classes[label] = *vehicle_class;
  }
  if (settings.classes.empty()) reader.fail(row.key, "names no class");
  if (std::all_of(settings.classes.begin(), settings.classes.end(), [](const auto& one) {
        return one.second == VehicleClass::bicycle || one.second == VehicleClass::motorcycle;
      }))
    reader.fail(row.key, "names no class for cars, which would never be told");
}

void OnnxSettings::check(const ConfigReader& reader) const {
  if (offset >= every) reader.fail("offset", fmt::format("is not below \"every\" ({})", every));
}

namespace {

std::unique_ptr<Stage> make_onnx(ConfigReader& config) {
  OnnxSettings settings;
  read_settings(config, settings);
  config.finish();  // a slip of the pen shows before a model that takes seconds to load
  if (settings.model.empty()) config.fail("model", "is missing; the path of an ONNX file");
  return std::make_unique<OnnxDetector>(std::move(settings));
}

}  // namespace

const StageType OnnxDetector::kType{.name = "onnx",
                                    .text = "Finds vehicles with a neural network.",
                                    .schema = schema_of<OnnxSettings>,
                                    .reads = {},
                                    .uses = {},
                                    .writes = {Fact::detections},
                                    .make = make_onnx};

}  // namespace rearview

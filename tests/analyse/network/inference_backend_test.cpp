#include "analyse/network/inference_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <opencv2/imgproc.hpp>
#include <stdexcept>

#include "analyse/common/boxes.h"
#include "analyse/network/onnx_detector.h"
#include "base/error.h"
#include "camera/scene/scene.h"
#include "tests/analyse/frames.h"
#include "tests/analyse/tiny_network.h"

namespace rearview {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::filesystem::path kModels = REARVIEW_SOURCE_MODELS;

/// Pictures of a drawn road with traffic, some with vehicles near the camera.
std::vector<FramePtr> drawn_pictures() {
  std::vector<FramePtr> frames;
  for (const camera::Light light : {camera::Light::kDay, camera::Light::kNight}) {
    camera::SceneConfig config;
    config.light = light;
    config.traffic = 30;
    const cv::Size size(640, 360);
    camera::Scene scene(config, size, 30);
    for (std::uint64_t n = 60; n <= 360; n += 100) {
      cv::Mat bgr;
      cv::Mat i420;
      scene.draw(n, bgr);
      cv::cvtColor(bgr, i420, cv::COLOR_BGR2YUV_I420);
      const cv::Size half = size / 2;
      Planes planes;
      planes.y = i420.rowRange(0, size.height).clone();
      planes.u = cv::Mat(half, CV_8UC1, i420.ptr(size.height)).clone();
      planes.v = cv::Mat(half, CV_8UC1, i420.ptr(size.height) + half.area()).clone();
      frames.push_back(test::frame_at(0, frames.size() + 1, planes));
    }
  }
  return frames;
}

/// A model of the folder with weights that aren't ours.
OnnxSettings third_party(const char* file, NetworkFamily family, cv::Size input) {
  OnnxSettings settings;
  settings.model = std::filesystem::path(std::getenv("REARVIEW_ASSETS")) / "weights" / file;
  settings.family = family;
  settings.input = input;
  return settings;
}

OnnxSettings our_model(cv::Size input) {
  OnnxSettings settings;
  settings.model = kModels / "rearview_vehicle.onnx";
  settings.input = input;
  settings.classes = {{0, VehicleClass::car},
                      {1, VehicleClass::bus},
                      {2, VehicleClass::truck},
                      {3, VehicleClass::motorcycle},
                      {4, VehicleClass::bicycle}};
  return settings;
}

std::vector<std::vector<Detection>> found_by(const std::string& backend, OnnxSettings settings,
                                             const std::vector<FramePtr>& frames) {
  settings.inference.backend = backend;
  OnnxDetector stage(settings);
  std::vector<std::vector<Detection>> found;
  for (const FramePtr& frame : frames) {
    Analysis analysis;
    test::Shown().show(stage, *frame, analysis);
    found.push_back(analysis.detections);
  }
  return found;
}

/// Each box of a stands in b, but for those so near the threshold that rounding decides.
void expect_contains(const std::vector<Detection>& a, const std::vector<Detection>& b,
                     double threshold) {
  constexpr float kRounding = 0.002F;
  for (const Detection& box : a) {
    if (box.score < static_cast<float>(threshold) + kRounding) continue;
    const bool there = std::any_of(b.begin(), b.end(), [&](const Detection& other) {
      return iou(box.box, other.box) >= 0.99F && std::abs(box.score - other.score) < kRounding &&
             box.vehicle_class == other.vehicle_class;
    });
    EXPECT_TRUE(there) << box.box << " " << box.score;
  }
}

/// Every backend against the last, which is there everywhere.
void expect_same_boxes(OnnxSettings settings, std::size_t least_boxes) {
  // Most of what a network sees in drawn pictures is weak; every cell counts here.
  settings.score_threshold = 0.03;
  const std::vector<FramePtr> frames = drawn_pictures();
  const auto expected = found_by("opencv", settings, frames);
  std::size_t boxes = 0;
  for (const auto& picture : expected) boxes += picture.size();
  EXPECT_GE(boxes, least_boxes) << "pictures without boxes compare nothing";
  for (const BackendName& backend : inference_backends()) {
    SCOPED_TRACE(settings.model.string() + " in " + backend.name);
    const auto found = found_by(backend.name, settings, frames);
    for (std::size_t i = 0; i < frames.size(); ++i) {
      SCOPED_TRACE(testing::Message() << "picture " << i);
      expect_contains(expected[i], found[i], settings.score_threshold);
      expect_contains(found[i], expected[i], settings.score_threshold);
    }
  }
}

TEST(InferenceBackends, FindTheSameBoxesWithOurModelAtAnySize) {
  for (const cv::Size size : {cv::Size(416, 256), cv::Size(320, 192), cv::Size(640, 384)})
    expect_same_boxes(our_model(size), 20);
}

TEST(InferenceBackends, FindTheSameBoxesWithEachFamily) {
  if (!std::getenv("REARVIEW_ASSETS")) GTEST_SKIP() << "REARVIEW_ASSETS is unset";
  // PicoDet's file there was made for OpenCV and is no valid ONNX.
  expect_same_boxes(third_party("yolox_nano_416x256.onnx", NetworkFamily::yolox, {416, 256}), 5);
  expect_same_boxes(
      third_party("nanodet-plus-m_416x256.onnx", NetworkFamily::nanodet_plus, {416, 256}), 5);
  expect_same_boxes(third_party("fastestdet_352.onnx", NetworkFamily::fastestdet, {352, 352}), 5);
}

TEST(InferenceBackends, GiveTheSameNumbersEachTimeWhateverTheSettings) {
  const cv::Size size(320, 192);
  cv::Mat picture(std::vector<int>{1, 3, size.height, size.width}, CV_32F);
  cv::RNG random(7);
  random.fill(picture, cv::RNG::UNIFORM, 0, 255);
  for (const BackendName& backend : inference_backends()) {
    SCOPED_TRACE(backend.name);
    const auto once = [&](int threads, bool arena) {
      InferenceSettings settings;
      settings.backend = backend.name;
      settings.threads = threads;
      settings.memory_arena = arena;
      const auto network = load_network(settings, kModels / "rearview_vehicle.onnx", size);
      network->run(picture);
      return network->run(picture).at(0).clone();
    };
    const cv::Mat first = once(1, true);
    EXPECT_EQ(cv::norm(first, once(1, true), cv::NORM_INF), 0);
    if (backend.name == "opencv") continue;
    EXPECT_EQ(cv::norm(first, once(1, false), cv::NORM_INF), 0);
    EXPECT_LT(cv::norm(first, once(2, true), cv::NORM_INF), 1e-3);
  }
}

class ModelFileTest : public testing::Test {
 protected:
  ModelFileTest() { std::filesystem::create_directories(folder_); }
  ~ModelFileTest() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path with(const char* name, const std::string& content) const {
    std::ofstream(folder_ / name, std::ios::binary) << content;
    return folder_ / name;
  }

  /// What each backend says of the file: one sentence of a line.
  static void expect_refused(const std::filesystem::path& file, cv::Size input,
                             const std::string& said) {
    for (const BackendName& backend : inference_backends()) {
      SCOPED_TRACE(backend.name + " " + file.filename().string());
      InferenceSettings settings;
      settings.backend = backend.name;
      try {
        load_network(settings, file, input);
        ADD_FAILURE() << "no error";
      } catch (const std::runtime_error& e) {
        EXPECT_THAT(e.what(), HasSubstr(said));
        EXPECT_THAT(e.what(), Not(HasSubstr("\n")));
      }
    }
  }

  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("rearview_backend_" + std::to_string(::getpid()));
};

TEST_F(ModelFileTest, WhatIsNoModelIsRefusedInASentence) {
  expect_refused(folder_ / "none.onnx", {32, 32}, "is not a file that can be read");
  expect_refused(folder_, {32, 32}, "is not a file that can be read");
  expect_refused(with("empty.onnx", ""), {32, 32}, "");
  expect_refused(with("text.onnx", "this is no network"), {32, 32}, "");
  std::ifstream whole(kModels / "rearview_vehicle.onnx", std::ios::binary);
  std::string part(100000, '\0');
  whole.read(part.data(), static_cast<std::streamsize>(part.size()));
  expect_refused(with("part.onnx", part), {320, 192}, "");
}

TEST_F(ModelFileTest, WhatOnlyASlowerBackendRunsIsRunByThat) {
  const auto file = test::write_tiny_yolox(folder_ / "loose.onnx", 1, true);
  const auto load = [&](const char* backend) {
    InferenceSettings settings;
    settings.backend = backend;
    return load_network(settings, file, {32, 32});
  };
  EXPECT_NO_THROW(load("opencv"));
  EXPECT_NO_THROW(load("auto"));
  if (inference_backends().front().name == "opencv") GTEST_SKIP() << "onnxruntime isn't there";
  EXPECT_THROW(load("onnxruntime"), std::runtime_error) << "who chose it knows why";
}

TEST_F(ModelFileTest, AnotherSizeThanTheModelsIsRefusedInASentence) {
  const auto file = test::write_tiny_yolox(folder_ / "tiny.onnx", 1);
  for (const BackendName& backend : inference_backends()) {
    InferenceSettings settings;
    settings.backend = backend.name;
    EXPECT_NO_THROW(load_network(settings, file, {32, 32})) << backend.name;
  }
  expect_refused(file, {64, 64}, "input 64x64");
}

std::string refusal(const char* json) {
  const nlohmann::json value = nlohmann::json::parse(json);
  ConfigReader config(value, "rearview.json", "/stages/0");
  InferenceSettings settings;
  try {
    read_settings(config, settings);
  } catch (const UsageError& e) {
    return e.what();
  }
  return "no error";
}

TEST(InferenceSettings, OtherBackendsAreRefusedWithThoseThatAreThere) {
  std::string there = "auto";
  for (const BackendName& backend : inference_backends()) there += ", " + backend.name;
  EXPECT_EQ(refusal(R"({"backend":"tflite"})"),
            "rearview.json: /stages/0/backend: \"tflite\" is not one of " + there +
                ", which are in this program");
  EXPECT_EQ(inference_backends().back().name, "opencv") << "it is there everywhere";
  EXPECT_EQ(refusal(R"({"backend":"opencv"})"), "no error");
}

TEST(InferenceSettings, WhatABackendCantBeToldIsRefused) {
  EXPECT_THAT(refusal(R"({"backend":"opencv","threads":2})"),
              HasSubstr("/stages/0/threads: is not for the backend opencv"));
  EXPECT_THAT(refusal(R"({"backend":"opencv","memory_arena":false})"),
              HasSubstr("/stages/0/memory_arena: is not for the backend opencv"));
  EXPECT_THAT(refusal(R"({"threads":0})"), HasSubstr("/stages/0/threads"));
  if (inference_backends().front().name == "opencv") GTEST_SKIP() << "onnxruntime isn't there";
  EXPECT_EQ(refusal(R"({"threads":2,"memory_arena":false})"), "no error");
}

}  // namespace
}  // namespace rearview

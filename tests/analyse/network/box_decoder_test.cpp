#include "analyse/network/box_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <stdexcept>

namespace rearview {
namespace {

cv::Mat zeros(const std::vector<int>& shape) {
  return cv::Mat(shape, CV_32F, cv::Scalar(0));
}

std::vector<Candidate> decoded(const BoxDecoder& decoder, const std::vector<cv::Mat>& outputs,
                               const std::vector<int>& labels, float threshold) {
  std::vector<Candidate> found;
  decoder.decode(outputs, labels, threshold, found);
  return found;
}

void expect_box(const Candidate& candidate, const cv::Rect2f& want) {
  EXPECT_NEAR(candidate.box.x, want.x, 0.01);
  EXPECT_NEAR(candidate.box.y, want.y, 0.01);
  EXPECT_NEAR(candidate.box.width, want.width, 0.01);
  EXPECT_NEAR(candidate.box.height, want.height, 0.01);
}

TEST(YoloxDecoder, ReadsCentreAndSizeInStrides) {
  const auto decoder = make_box_decoder(NetworkFamily::yolox, {416, 256});
  std::vector<cv::Mat> outputs{zeros({1, 2184, 85})};
  EXPECT_EQ(decoder->class_count(outputs), 80);
  const int cell = 52 * 32 + 26 * 5 + 7;  // stride 16, row 5, column 7
  float* o = outputs[0].ptr<float>(0, cell);
  o[0] = 0.25F;
  o[1] = 0.5F;
  o[2] = std::log(4.0F);
  o[3] = std::log(2.0F);
  o[4] = 0.8F;
  o[5 + 2] = 0.5F;
  o[5 + 0] = 0.9F;  // a class that nobody asked for
  const auto found = decoded(*decoder, outputs, {1, 2, 7}, 0.3F);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].label, 2);
  EXPECT_FLOAT_EQ(found[0].score, 0.4F);
  expect_box(found[0], {7.25F * 16 - 32, 5.5F * 16 - 16, 64, 32});
  EXPECT_TRUE(decoded(*decoder, outputs, {1, 2, 7}, 0.41F).empty());
  EXPECT_TRUE(decoded(*decoder, outputs, {1, 7}, 0.3F).empty());
}

TEST(YoloxDecoder, CountsTheClassesByTheWidthOfARow) {
  const auto decoder = make_box_decoder(NetworkFamily::yolox, {320, 192});
  EXPECT_EQ(decoder->class_count({zeros({1, 1260, 6})}), 1);
  EXPECT_EQ(decoder->class_count({zeros({1, 1260, 11})}), 6);
}

TEST(YoloxDecoder, RefusesScoresThatAreNone) {
  const auto decoder = make_box_decoder(NetworkFamily::yolox, {320, 192});
  cv::Mat output = zeros({1, 1260, 6});
  output.ptr<float>(0, 3)[4] = -2.5F;
  EXPECT_THROW(decoder->class_count({output}), std::runtime_error);
}

/// All weight on one bin.
void put_distances(float* bins, const std::array<int, 4>& strides) {
  for (std::size_t side = 0; side < 4; ++side)
    bins[side * 8 + static_cast<std::size_t>(strides[side])] = 50;
}

TEST(NanodetPlusDecoder, ReadsTheDistributions) {
  const auto decoder = make_box_decoder(NetworkFamily::nanodet_plus, {416, 256});
  std::vector<cv::Mat> outputs{zeros({1, 2212, 112})};
  EXPECT_EQ(decoder->class_count(outputs), 80);
  float* o = outputs[0].ptr<float>(0, 52 * 32 + 26 * 16 + 13 * 2 + 3);  // stride 32, row 2, col 3
  o[7] = 0.6F;
  put_distances(o + 80, {1, 2, 3, 0});
  const auto found = decoded(*decoder, outputs, {2, 7}, 0.35F);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].label, 7);
  expect_box(found[0], {96 - 32, 64 - 64, 4 * 32, 2 * 32});
}

TEST(NanodetPlusDecoder, TakesTheMeanOfADistribution) {
  const auto decoder = make_box_decoder(NetworkFamily::nanodet_plus, {416, 256});
  std::vector<cv::Mat> outputs{zeros({1, 2212, 112})};
  float* o = outputs[0].ptr<float>(0, 52 + 1);  // stride 8, row 1, column 1; all bins equal
  o[2] = 1;
  const auto found = decoded(*decoder, outputs, {2}, 0.5F);
  ASSERT_EQ(found.size(), 1U);
  expect_box(found[0], {8 - 28, 8 - 28, 56, 56});
}

TEST(PicodetDecoder, ReadsATableForEachStride) {
  const auto decoder = make_box_decoder(NetworkFamily::picodet, {416, 416});
  std::vector<cv::Mat> outputs;
  for (const int width : {80, 32}) {
    for (const int rows : {2704, 676, 169, 49}) outputs.push_back(zeros({1, rows, width}));
  }
  EXPECT_EQ(decoder->class_count(outputs), 80);
  const int cell = 4 * 26 + 3;  // stride 16, row 4, column 3
  outputs[1].ptr<float>(0, cell)[5] = 0.7F;
  put_distances(outputs[5].ptr<float>(0, cell), {1, 1, 1, 1});
  const auto found = decoded(*decoder, outputs, {2, 5}, 0.4F);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].label, 5);
  expect_box(found[0], {48 + 7.5F - 16, 64 + 7.5F - 16, 32, 32});
}

TEST(FastestdetDecoder, ReadsTheMap) {
  const auto decoder = make_box_decoder(NetworkFamily::fastestdet, {352, 352});
  std::vector<cv::Mat> outputs{zeros({1, 85, 22, 22})};
  EXPECT_EQ(decoder->class_count(outputs), 80);
  const auto put = [&](int channel, float value) {
    outputs[0].ptr<float>(0, channel, 10)[6] = value;
  };
  put(0, 0.8F);
  put(3, std::log(0.25F / 0.75F));  // sigmoid: a quarter
  put(4, std::log(0.5F / 0.5F));
  put(5 + 2, 0.5F);
  const auto found = decoded(*decoder, outputs, {2}, 0.5F);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NEAR(found[0].score, std::pow(0.8, 0.6) * std::pow(0.5, 0.4), 1e-5);
  expect_box(found[0], {6 * 16 - 44, 10 * 16 - 88, 88, 176});
}

TEST(BoxDecoder, OutputsOfAnotherFamilyOrSizeAreRefusedWithBothShapes) {
  const auto message = [](NetworkFamily family, cv::Size input, std::vector<cv::Mat> outputs) {
    try {
      make_box_decoder(family, input)->class_count(outputs);
    } catch (const std::runtime_error& e) {
      return std::string(e.what());
    }
    return std::string("no error");
  };
  EXPECT_EQ(message(NetworkFamily::yolox, {416, 256}, {zeros({1, 1260, 85})}),
            "gives [1,1260,85], but yolox with input 416x256 has to give [1,2184,5 + classes]");
  EXPECT_EQ(message(NetworkFamily::nanodet_plus, {416, 256}, {zeros({1, 2184, 85})}),
            "gives [1,2184,85], but nanodet_plus with input 416x256 has to give "
            "[1,2212,classes + 32]");
  EXPECT_EQ(message(NetworkFamily::fastestdet, {352, 352}, {zeros({1, 2184, 85})}),
            "gives [1,2184,85], but fastestdet with input 352x352 has to give "
            "[1,5 + classes,22,22]");
  EXPECT_THAT(message(NetworkFamily::picodet, {416, 416}, {zeros({1, 85, 22, 22})}),
              testing::HasSubstr("picodet with input 416x416"));
  EXPECT_THAT(message(NetworkFamily::yolox, {416, 256}, {}), testing::HasSubstr("gives nothing"));
}

TEST(Suppress, KeepsTheBestOfEachVehicle) {
  const auto kept = suppress({{{0, 0, 10, 10}, 0.5F, 2},
                              {{1, 0, 10, 10}, 0.9F, 2},
                              {{20, 0, 10, 10}, 0.3F, 2},
                              {{3, 0, 10, 10}, 0.4F, 7},       // another class: may stand behind
                              {{20.2F, 0, 10, 10}, 0.2F, 7}},  // the same box again
                             0.6F, 0.8F, 10);
  ASSERT_EQ(kept.size(), 3U);
  EXPECT_FLOAT_EQ(kept[0].score, 0.9F);
  EXPECT_FLOAT_EQ(kept[1].score, 0.4F);
  EXPECT_FLOAT_EQ(kept[2].score, 0.3F);
}

TEST(Suppress, IsBounded) {
  std::vector<Candidate> many;
  for (int i = 0; i < 5000; ++i)
    many.push_back({{static_cast<float>(i) * 20, 0, 10, 10}, static_cast<float>(i) / 5000, 2});
  const auto kept = suppress(many, 0.6F, 0.8F, 100);
  ASSERT_EQ(kept.size(), 100U);
  EXPECT_FLOAT_EQ(kept.front().score, 4999 / 5000.0F);
}

}  // namespace
}  // namespace rearview

#include "analyse/common/picture_history.h"

#include <gtest/gtest.h>

#include "tests/analyse/frames.h"
#include "tests/analyse/textured_road.h"

namespace rearview {
namespace {

using test::texture;

TEST(PictureHistory, TakesUpAFrameOnceHoweverManyAsk) {
  PictureHistory pictures;
  const FramePtr frame = test::frame_at(1, 7, test::flat_planes({640, 360}, 100));
  const KeptPicture* first = &pictures.of(*frame);
  const std::uint8_t* memory = first->level(0).data;
  EXPECT_EQ(&pictures.of(*frame), first);
  EXPECT_EQ(pictures.newest().level(0).data, memory);
  EXPECT_NE(memory, frame->luma().data) << "a copy";
  pictures.of(*test::frame_at(1.1, 8, test::flat_planes({640, 360}, 120)));
  EXPECT_EQ(pictures.newest().level(0).at<std::uint8_t>(5, 5), 120);
  ASSERT_NE(pictures.at(1), nullptr);
  EXPECT_EQ(pictures.at(1)->level(0).at<std::uint8_t>(5, 5), 100);
}

TEST(PictureHistory, KeepsTheLastMomentsInNoMorePicturesThanItMay) {
  PictureHistory pictures;
  const cv::Mat picture = texture({320, 180}, 1);
  for (int i = 0; i <= 60; ++i) pictures.add(picture, i / 30.0);
  EXPECT_NE(pictures.at(2 - 0.9), nullptr);
  EXPECT_EQ(pictures.at(1), nullptr);
  EXPECT_EQ(pictures.at(1.41), nullptr) << "no picture was taken then";
  for (int i = 0; i < 100; ++i) pictures.add(picture, 2 + i / 1000.0);
  EXPECT_EQ(pictures.at(2 + 50 / 1000.0), nullptr);
  EXPECT_NE(pictures.at(2 + 70 / 1000.0), nullptr);
}

TEST(PictureHistory, OfTwoThatCameAtOnceTheNewerStays) {
  PictureHistory pictures;
  pictures.add(cv::Mat(90, 160, CV_8U, cv::Scalar(50)), 1);
  pictures.add(cv::Mat(90, 160, CV_8U, cv::Scalar(60)), 1);
  ASSERT_NE(pictures.at(1), nullptr);
  EXPECT_EQ(pictures.at(1)->level(0).at<std::uint8_t>(0, 0), 60);
}

TEST(PictureHistory, ForgetsPicturesOfAnotherSizeOrALaterTime) {
  PictureHistory pictures;
  const cv::Mat picture = texture({640, 360}, 1);
  pictures.add(picture, 5);
  pictures.add(picture(cv::Rect(0, 0, 320, 180)), 5.5);
  EXPECT_EQ(pictures.at(5), nullptr);
  pictures.add(picture(cv::Rect(0, 0, 320, 180)), 1);
  EXPECT_EQ(pictures.at(5.5), nullptr);
  EXPECT_NE(pictures.at(1), nullptr);
}

TEST(PictureHistory, WhatSomebodyKeepsIsNotWrittenAgain) {
  PictureHistory pictures;
  const cv::Mat kept = pictures.add(texture({320, 180}, 1), 0).level(0);
  const cv::Mat copy = kept.clone();
  for (int i = 1; i < 90; ++i)
    pictures.add(texture({320, 180}, static_cast<unsigned>(i) + 1), i / 30.0);
  EXPECT_EQ(pictures.at(0), nullptr);
  EXPECT_EQ(cv::norm(kept, copy, cv::NORM_INF), 0);
}

TEST(PictureHistory, MakesWidePicturesSmallerAndSmallOnesWithFewerLevels) {
  PictureHistory pictures;
  const KeptPicture& wide = pictures.add(texture({1280, 720}, 1), 0);
  EXPECT_EQ(wide.scale, 0.5);
  EXPECT_EQ(wide.level(0).size(), cv::Size(640, 360));
  EXPECT_EQ(wide.level(1).size(), cv::Size(320, 180));
  EXPECT_EQ(wide.levels(), 4U);
  EXPECT_EQ(pictures.add(texture({2, 2}, 1), 0.1).levels(), 1U);
}

}  // namespace
}  // namespace rearview

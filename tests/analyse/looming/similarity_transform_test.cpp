#include "analyse/looming/similarity_transform.h"

#include <gtest/gtest.h>

#include <cmath>

namespace rearview {
namespace {

struct Places {
  std::vector<cv::Point2d> from;
  std::vector<cv::Point2d> to;
  std::vector<double> variance;
};

// A grid of places, scaled by 1.1, turned by 0.05 and shifted.
Places moved() {
  Places places;
  const double c = 1.1 * std::cos(0.05);
  const double s = 1.1 * std::sin(0.05);
  for (int x = 300; x < 340; x += 10) {
    for (int y = 200; y < 230; y += 10) {
      places.from.emplace_back(x, y);
      places.to.emplace_back(c * x - s * y + 7, s * x + c * y - 4);
      places.variance.push_back(0.04);
    }
  }
  return places;
}

TEST(SimilarityTransform, FindsScaleAndPlace) {
  const Places places = moved();
  const auto found = fit_similarity(places.from, places.to, places.variance);
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->scale, 1.1, 1e-6);
  const cv::Vec2d where = found->map * cv::Vec3d(320, 210, 1);
  EXPECT_NEAR(where[0], 1.1 * (std::cos(0.05) * 320 - std::sin(0.05) * 210) + 7, 1e-6);
  EXPECT_NEAR(where[1], 1.1 * (std::sin(0.05) * 320 + std::cos(0.05) * 210) - 4, 1e-6);
  // Root mean square distance of a grid of 4 x 3, 10 px apart, from its middle.
  EXPECT_NEAR(found->spread_px, std::sqrt(125 + 200.0 / 3), 1e-6);
  EXPECT_NEAR(found->scale_sigma, 0.2 / (found->spread_px * std::sqrt(12)), 1e-6);
}

TEST(SimilarityTransform, OneThatGoesElsewhereDoesNotTakeItAlong) {
  Places places = moved();
  places.to[3] += cv::Point2d(1.5, -1);
  const auto found = fit_similarity(places.from, places.to, places.variance);
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->scale, 1.1, 0.002);
}

TEST(SimilarityTransform, PlacesTooCloseTogetherOrTooFewTellNoScale) {
  EXPECT_FALSE(fit_similarity({}, {}, {}));
  EXPECT_FALSE(fit_similarity({{5, 5}, {5, 5}, {5, 5}}, {{6, 5}, {6, 5}, {6, 5}}, {1, 1, 1}));
  EXPECT_FALSE(fit_similarity({{5, 5}, {25, 5}}, {{5, 5}, {27, 5}}, {0.1, 0.1}));
}

}  // namespace
}  // namespace rearview

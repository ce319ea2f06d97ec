#include <opencv2/imgproc.hpp>

#include "camera/scene/random.h"
#include "camera/scene/textures.h"

namespace rearview::camera {
namespace {

cv::Scalar bgra(Vec3 c, int alpha = 255) {
  return {static_cast<double>(c.z), static_cast<double>(c.y), static_cast<double>(c.x),
          static_cast<double>(alpha)};
}

/// An empty picture whose invisible texels carry a colour already, so that edges blend into it.
cv::Mat empty_picture(cv::Size size, Vec3 colour) {
  return {size, CV_8UC4, bgra(colour, 0)};
}

struct Crown {
  Vec3 dark, bright;
  float centre_y, radius_x, radius_y;  // shares of the picture
  int leaves;
  float leaf;  // share of the picture
  bool pointed;
};

void leaves(cv::Mat& picture, const Crown& crown, Random& random) {
  const auto side = static_cast<float>(picture.cols);
  const auto tall = static_cast<float>(picture.rows);
  for (int i = 0; i < crown.leaves; ++i) {
    // From the back and the shade to the front and the light.
    const float order = static_cast<float>(i) / static_cast<float>(crown.leaves);
    const float angle = random.between(0, 2 * kPi);
    const float reach = std::sqrt(random.unit()) * lerp(1.0f, 0.80f, order);
    float x = std::cos(angle) * reach;
    const float y = std::sin(angle) * reach;
    if (crown.pointed) x *= clamp01(0.12f + 0.5f * (y + 1.0f));
    const float lit = clamp01(0.50f + 0.30f * x - 0.42f * y + 0.45f * (order - 0.5f) +
                              random.between(-0.22f, 0.22f));
    const Vec3 colour = lerp(crown.dark, crown.bright, lit) * random.between(0.88f, 1.10f);
    const cv::Point at(static_cast<int>((0.5f + x * crown.radius_x) * side),
                       static_cast<int>((crown.centre_y + y * crown.radius_y) * tall));
    const int size = std::max(1, static_cast<int>(crown.leaf * side * random.between(0.45f, 1.2f)));
    cv::ellipse(picture, at,
                {size, std::max(1, static_cast<int>(0.72f * static_cast<float>(size)))},
                random.between(0, 180), 0, 360, bgra(colour), cv::FILLED);
  }
}

constexpr int kTreeSide = 512;

/// Lays one picture over another, moved to the right.
void lay_over(cv::Mat& picture, const cv::Mat& over, int dx) {
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = std::max(0, dx); x < std::min(picture.cols, picture.cols + dx); ++x) {
      const auto& texel = over.at<cv::Vec4b>(y, x - dx);
      if (texel[3]) picture.at<cv::Vec4b>(y, x) = texel;
    }
  }
}

cv::Mat paint_tree(std::size_t kind, std::uint64_t seed) {
  Random random(seed, kind);
  const Vec3 green{52, 68, 34};
  cv::Mat picture = empty_picture({kTreeSide, kTreeSide}, green);
  const Vec3 bark = kind == 3 ? Vec3{150, 146, 138} : Vec3{84, 74, 62};
  const bool conifer = kind >= 4;
  const int middle = kTreeSide / 2;
  const int thick = conifer ? 9 : 15;
  for (int x = -thick / 2; x <= thick / 2; ++x) {  // round, and rough along its length
    const float across = static_cast<float>(x) / (0.5f * static_cast<float>(thick));
    const float lit =
        0.62f + 0.5f * std::sqrt(std::max(0.0f, 1 - (across - 0.4f) * (across - 0.4f)));
    for (int y = 190; y < kTreeSide; ++y) {
      const float rough = random.between(0.84f, 1.1f);
      picture.at<cv::Vec4b>(y, middle + x) = {cv::saturate_cast<uchar>(bark.z * lit * rough),
                                              cv::saturate_cast<uchar>(bark.y * lit * rough),
                                              cv::saturate_cast<uchar>(bark.x * lit * rough), 255};
    }
  }
  if (!conifer) {
    for (int i = 0; i < 9; ++i) {
      const int y = 390 - i * 22;
      const int reach = (i % 2 == 0 ? 1 : -1) * (50 + random.below(90));
      cv::line(picture, {middle, y}, {middle + reach, y - 64 - random.below(50)},
               bgra(bark * 0.85f), 5);
    }
  }
  static const std::array<Crown, RoadsidePictures::kTrees> kCrowns{{
      {{24, 38, 16}, {128, 152, 64}, 0.38f, 0.42f, 0.36f, 9000, 0.0098f, false},
      {{28, 42, 18}, {146, 160, 62}, 0.40f, 0.38f, 0.38f, 8500, 0.0094f, false},
      {{20, 34, 18}, {106, 134, 68}, 0.38f, 0.46f, 0.34f, 9500, 0.0104f, false},
      {{36, 52, 24}, {158, 174, 88}, 0.40f, 0.30f, 0.39f, 5200, 0.0088f, false},
      {{12, 26, 18}, {72, 100, 60}, 0.48f, 0.36f, 0.47f, 9500, 0.0085f, true},
      {{16, 30, 18}, {86, 110, 58}, 0.47f, 0.20f, 0.46f, 7500, 0.0085f, false},
  }};
  Crown crown = kCrowns[kind];
  if (!conifer) {  // a crown is several crowns
    constexpr int kParts = 7;
    for (int i = 0; i < kParts; ++i) {
      Crown part = crown;
      part.radius_x *= random.between(0.34f, 0.60f);
      part.radius_y *= random.between(0.34f, 0.60f);
      part.centre_y += random.between(-0.16f, 0.13f);
      part.leaves = crown.leaves / kParts;
      cv::Mat own = empty_picture(picture.size(), green);
      leaves(own, part, random);
      lay_over(picture, own,
               static_cast<int>(random.between(-0.6f, 0.6f) * crown.radius_x * kTreeSide));
    }
    crown.leaves /= 3;
    crown.radius_x *= 0.9f;
    crown.radius_y *= 0.9f;
  }
  leaves(picture, crown, random);
  return picture;
}

cv::Mat paint_bush(std::size_t kind, std::uint64_t seed) {
  Random random(seed, 50 + kind);
  cv::Mat picture = empty_picture({256, 256}, {50, 66, 34});
  leaves(picture,
         {{24, 38, 18},
          kind == 0 ? Vec3{118, 140, 60} : Vec3{142, 146, 74},
          0.60f,
          0.46f,
          0.40f,
          2600,
          0.018f,
          false},
         random);
  return picture;
}

cv::Mat paint_hedge(std::uint64_t seed) {
  Random random(seed, 60);
  cv::Mat picture = empty_picture({256, 128}, {46, 62, 32});
  picture(cv::Rect(0, 14, 256, 114)).setTo(bgra({34, 48, 24}));
  for (int i = 0; i < 2600; ++i) {
    const float y = random.between(0.07f, 1.0f);
    const float lit = clamp01(0.9f - 0.75f * y + random.between(-0.2f, 0.25f));
    const Vec3 colour = lerp({26, 42, 20}, {124, 146, 66}, lit);
    const cv::Point at(random.below(256), static_cast<int>(y * 128));
    for (const int shift : {-256, 0, 256})
      cv::ellipse(picture, at + cv::Point(shift, 0), {4 + random.below(3), 3},
                  random.between(0, 180), 0, 360, bgra(colour), cv::FILLED);
  }
  return picture;
}

cv::Mat paint_blades(std::uint64_t seed) {
  Random random(seed, 61);
  cv::Mat picture = empty_picture({256, 64}, {84, 104, 46});
  for (int i = 0; i < 620; ++i) {
    const int x = random.below(256);
    const int tall = 12 + random.below(46);
    const int lean = random.below(17) - 8;
    const Vec3 colour =
        lerp({58, 82, 34}, random.chance(0.25f) ? Vec3{190, 176, 110} : Vec3{138, 158, 72},
             random.unit());
    for (const int shift : {-256, 0, 256})
      cv::line(picture, {x + shift, 63}, {x + lean + shift, 63 - tall}, bgra(colour), 1);
  }
  for (int i = 0; i < 9; ++i) {
    const cv::Point at(random.below(250) + 3, 10 + random.below(26));
    cv::circle(picture, at, 2, bgra(random.chance(0.5f) ? Vec3{236, 232, 220} : Vec3{226, 196, 60}),
               cv::FILLED);
  }
  return picture;
}

cv::Mat paint_fence() {
  cv::Mat picture = empty_picture({128, 64}, {122, 108, 90});
  for (const int y : {10, 32}) {
    cv::rectangle(picture, {0, y}, {127, y + 7}, bgra({138, 122, 100}), cv::FILLED);
    cv::rectangle(picture, {0, y + 6}, {127, y + 7}, bgra({92, 80, 66}), cv::FILLED);
  }
  cv::rectangle(picture, {58, 0}, {69, 63}, bgra({128, 112, 92}), cv::FILLED);
  cv::rectangle(picture, {66, 0}, {69, 63}, bgra({88, 76, 62}), cv::FILLED);
  return picture;
}

cv::Mat paint_wall(std::size_t kind, std::uint64_t seed) {
  static const std::array<Vec3, 4> kPlaster{Vec3{214, 206, 190}, Vec3{198, 178, 142},
                                            Vec3{168, 112, 92}, Vec3{206, 210, 208}};
  static const std::array<Vec3, 4> kShutter{Vec3{72, 96, 74}, Vec3{110, 72, 50},
                                            Vec3{226, 224, 218}, Vec3{64, 84, 112}};
  Random random(seed, 70 + kind);
  const cv::Mat noise = repeating_noise({256, 128}, {8, 4}, 5, seed + kind);
  cv::Mat picture(128, 256, CV_8UC4);
  for (int y = 0; y < 128; ++y) {
    for (int x = 0; x < 256; ++x) {
      Vec3 c = kPlaster[kind] * (0.88f + 0.24f * noise.at<float>(y, x));
      if (kind == 2 && (y % 5 == 0 || (x + (y / 5 % 2) * 5) % 10 == 0)) c = c * 0.82f;  // bricks
      if (y > 116) c = c * 0.66f;
      picture.at<cv::Vec4b>(y, x) = {cv::saturate_cast<uchar>(c.z), cv::saturate_cast<uchar>(c.y),
                                     cv::saturate_cast<uchar>(c.x), 255};
    }
  }
  const int door = 1 + random.below(3);
  for (int storey = 0; storey < 2; ++storey) {
    for (int i = 0; i < 5; ++i) {
      const int x = 18 + i * 48;
      const int y = storey == 0 ? 18 : 72;
      if (storey == 1 && i == door) {
        cv::rectangle(picture, {x - 1, y - 3}, {x + 23, 124}, bgra({220, 216, 206}), cv::FILLED);
        cv::rectangle(picture, {x + 2, y}, {x + 20, 124}, bgra(kShutter[kind] * 0.8f), cv::FILLED);
        cv::rectangle(picture, {x + 6, y + 4}, {x + 16, y + 18}, bgra({58, 66, 76}), cv::FILLED);
        continue;
      }
      cv::rectangle(picture, {x - 2, y - 2}, {x + 24, y + 32}, bgra({226, 224, 218}), cv::FILLED);
      cv::rectangle(picture, {x, y}, {x + 22, y + 30}, bgra({46, 54, 64}), cv::FILLED);
      cv::rectangle(picture, {x, y}, {x + 22, y + 8 + random.below(8)}, bgra({96, 112, 128}),
                    cv::FILLED);
      cv::rectangle(picture, {x + 10, y}, {x + 12, y + 30}, bgra({222, 220, 214}), cv::FILLED);
      cv::rectangle(picture, {x - 4, y + 32}, {x + 26, y + 34}, bgra({176, 170, 160}), cv::FILLED);
      if (kind != 3) {
        cv::rectangle(picture, {x - 12, y - 1}, {x - 3, y + 31}, bgra(kShutter[kind]), cv::FILLED);
        cv::rectangle(picture, {x + 25, y - 1}, {x + 34, y + 31}, bgra(kShutter[kind]), cv::FILLED);
      }
    }
  }
  return picture;
}

cv::Mat paint_tiles(std::uint64_t seed) {
  Random random(seed, 80);
  cv::Mat picture(128, 128, CV_8UC4);
  for (int y = 0; y < 128; y += 8) {
    for (int x = 0; x < 128; x += 8) {
      const float k = random.between(0.82f, 1.12f);
      cv::rectangle(picture, cv::Rect(x, y, 8, 8), bgra(Vec3{142, 78, 58} * k), cv::FILLED);
      cv::rectangle(picture, cv::Rect(x, y + 6, 8, 2), bgra(Vec3{86, 48, 38} * k), cv::FILLED);
    }
  }
  return picture;
}

cv::Mat paint_concrete(std::uint64_t seed) {
  const cv::Mat noise = repeating_noise({256, 128}, {6, 3}, 5, seed);
  const cv::Mat streaks = repeating_noise({256, 128}, {64, 2}, 2, seed + 1);
  cv::Mat picture(128, 256, CV_8UC4);
  for (int y = 0; y < 128; ++y) {
    for (int x = 0; x < 256; ++x) {
      const float k = 0.72f + 0.34f * noise.at<float>(y, x) + 0.22f * streaks.at<float>(y, x);
      Vec3 c = Vec3{158, 155, 148} * k;
      if (x % 64 == 0 || y % 64 == 0) c = c * 0.8f;
      picture.at<cv::Vec4b>(y, x) = {cv::saturate_cast<uchar>(c.z), cv::saturate_cast<uchar>(c.y),
                                     cv::saturate_cast<uchar>(c.x), 255};
    }
  }
  return picture;
}

}  // namespace

RoadsidePictures::RoadsidePictures(std::uint64_t seed)
    : hedge(paint_hedge(seed)),
      grass(paint_blades(seed)),
      fence(paint_fence()),
      roof(paint_tiles(seed)),
      concrete(paint_concrete(seed + 9)) {
  for (std::size_t i = 0; i < trees.size(); ++i) trees[i] = Texture(paint_tree(i, seed));
  for (std::size_t i = 0; i < bushes.size(); ++i) bushes[i] = Texture(paint_bush(i, seed));
  for (std::size_t i = 0; i < walls.size(); ++i) walls[i] = Texture(paint_wall(i, seed));
}

cv::Mat paint_panorama(const Atmosphere& atmosphere, Light light, Weather weather,
                       std::uint64_t seed) {
  const cv::Size size(kSkyColumns, kSkyRows);
  const cv::Mat clouds = repeating_noise(size, {14, 9}, 6, seed + 21);
  const cv::Mat wisps = repeating_noise(size, {8, 24}, 5, seed + 22);
  const cv::Mat ridge = repeating_noise({kSkyColumns, 4}, {18, 4}, 6, seed + 23);
  const cv::Mat woods = repeating_noise({kSkyColumns, 4}, {64, 4}, 6, seed + 24);
  cv::Mat out(size, CV_8UC4);
  const bool rain = weather == Weather::kRain;
  const float cover = rain ? 0.36f : 0.53f;
  Random stars(seed, 25);
  for (int y = 0; y < size.height; ++y) {
    const float height = static_cast<float>(kSkyRows - kSkyBelow - y) / kSkyPerRadian;
    const float up = clamp01(height * 1.25f);
    const Vec3 clear = lerp(atmosphere.horizon, atmosphere.zenith, std::sqrt(up));
    for (int x = 0; x < size.width; ++x) {
      const float c = clouds.at<float>(y, x);
      const float thick = smoothstep(cover, cover + 0.20f, c) * smoothstep(0.015f, 0.14f, height);
      const float veil = 0.35f * smoothstep(0.45f, 0.75f, wisps.at<float>(y, x));
      const float belly = clouds.at<float>(std::max(0, y - 14), x) - c;  // lit from above
      Vec3 cloud = lerp(atmosphere.horizon * 1.18f, atmosphere.horizon * 0.72f,
                        clamp01(0.35f + 3.2f * belly + 0.5f * (c - cover)));
      if (light == Light::kDusk) cloud = cloud * Vec3{1.05f, 0.86f, 0.86f};
      Vec3 colour = lerp(lerp(clear, atmosphere.horizon, veil), cloud, 0.92f * thick);
      if (light == Light::kNight && !rain && thick < 0.1f && stars.unit() > 0.9997f)
        colour = colour + Vec3{0.05f, 0.05f, 0.055f};
      const float hill = 0.012f + 0.10f * std::max(0.0f, ridge.at<float>(1, x) - 0.36f);
      const float wood = 0.006f + 0.055f * std::max(0.0f, woods.at<float>(1, x) - 0.40f);
      const Vec3 green{0.035f, 0.055f, 0.03f};
      const Vec3 sky_light =
          lerp(atmosphere.horizon, atmosphere.zenith, 0.5f) + atmosphere.sun * 0.4f;
      if (height < hill) colour = lerp(green * sky_light * 1.6f, atmosphere.haze, 0.72f);
      if (height < wood) colour = lerp(green * sky_light * 1.5f, atmosphere.haze, 0.46f);
      const Vec3 shown = atmosphere.displayed(colour);
      out.at<cv::Vec4b>(y, x) = {cv::saturate_cast<uchar>(shown.z),
                                 cv::saturate_cast<uchar>(shown.y),
                                 cv::saturate_cast<uchar>(shown.x), 255};
    }
  }
  return out;
}

}  // namespace rearview::camera

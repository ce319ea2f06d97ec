#pragma once

#include <array>
#include <cstdint>
#include <opencv2/core/mat.hpp>
#include <vector>

#include "camera/scene/geometry.h"
#include "camera/scene/texture.h"
#include "camera/scene/view.h"

namespace rearview::camera {

/// A corner ready to be drawn: a point of the camera frame and its colour as shown, 0 to 255, or,
/// with a texture, what the texture is multiplied with (255 leaves it).
struct Corner {
  Vec3 camera;
  Vec3 colour;  ///< x red, y green, z blue
  float u = 0;
  float v = 0;
};

/// What was seen of one marked thing in a frame, in whole pixels.
struct Seen {
  int left = 0, top = 0, right = -1, bottom = -1;  ///< inclusive
  int pixels = 0;

  bool any() const { return right >= left; }
  int width() const { return right - left + 1; }
  int height() const { return bottom - top + 1; }
};

/// Draws triangles with a depth buffer, four samples a pixel, over a picture that holds the
/// background already. It works through the picture in bands, so that its samples stay in the
/// cache.
class Raster {
 public:
  /// mark of what needn't be told apart afterwards.
  static constexpr std::uint8_t kScenery = 255;

  /// Forgets the triangles of the frame before.
  void begin(const View& view);
  /// Corners clockwise or not; the caller leaves out what faces away. texture outlives render().
  /// mark: 1 to 254 to have it measured, or kScenery.
  /// veil: haze added to a texture's colour, as shown.
  void triangle(const Corner& a, const Corner& b, const Corner& c, std::uint8_t mark,
                const Texture* texture = nullptr, Vec3 veil = {});
  void quad(const Corner& a, const Corner& b, const Corner& c, const Corner& d, std::uint8_t mark,
            const Texture* texture = nullptr, Vec3 veil = {}) {
    triangle(a, b, c, mark, texture, veil);
    triangle(a, c, d, mark, texture, veil);
  }
  /// bgr: CV_8UC3 of the view's size.
  void render(cv::Mat& bgr);

  /// After render(): what was seen of a mark, and whose mark lies on a pixel (0: background).
  const Seen& seen(std::uint8_t mark) const { return seen_[mark]; }
  std::uint8_t mark_at(int x, int y) const { return marks_.at<std::uint8_t>(y, x); }

 private:
  /// A value that changes evenly over the picture: at_x * x + at_y * y + at_0.
  struct Plane {
    float at_x = 0, at_y = 0, at_0 = 0;
    float operator()(float x, float y) const { return at_x * x + at_y * y + at_0; }
  };
  struct Triangle {
    std::array<cv::Point2f, 3> points;  ///< in samples, topmost first
    Plane inverse_z;
    std::array<Plane, 3> colour;
    Plane u_over_z, v_over_z;
    const Texture::Level* texture = nullptr;
    std::array<float, 3> veil{};
    std::uint32_t mark = 0;
  };

  void clipped(const Corner& a, const Corner& b, const Corner& c, std::uint8_t mark,
               const Texture* texture, Vec3 veil);
  void draw(const Triangle& triangle, int first_row, int last_row);
  void fill_plain(const Triangle& triangle, int y, int row, int from, int to);
  void fill_textured(const Triangle& triangle, int y, int row, int from, int to);
  void resolve(cv::Mat& bgr, int first_row, int rows);

  View view_;
  int samples_x_ = 0;
  int samples_y_ = 0;
  int pitch_ = 0;  ///< samples from one row of the band to the next
  std::vector<Triangle> triangles_;
  std::vector<std::vector<std::uint32_t>> bins_;
  std::vector<float> depth_;           ///< 1 / z, 0 at infinity
  std::vector<std::uint32_t> colour_;  ///< blue, green, red, mark; 0: nothing drawn
  cv::Mat marks_;                      ///< CV_8UC1
  std::array<Seen, 256> seen_{};
};

}  // namespace rearview::camera

#include "render/overlay.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "types/json.h"

namespace rearview {
namespace {

// Blue first. Red and amber differ in lightness too, and every state has its word and weight, so
// that nobody needs to see colours.
const cv::Scalar kWhite(255, 255, 255);
const cv::Scalar kBlack(0, 0, 0);
const cv::Scalar kQuiet(214, 205, 196);
const cv::Scalar kGreen(110, 200, 60);
const cv::Scalar kAmber(20, 180, 255);
const cv::Scalar kRed(50, 40, 235);

constexpr int kFont = cv::FONT_HERSHEY_DUPLEX;
constexpr double kReferenceHeight_px = 360;
/// A box that only its prediction has carried for longer is drawn on no vehicle.
constexpr double kMostUnseen_s = 0.3;

struct Style {
  cv::Scalar colour;
  cv::Scalar ink;  ///< text on the colour
  const char* word;
};

Style style_of(Road road) {
  switch (road) {
    case Road::clear:
      return {kGreen, kBlack, "CLEAR"};
    case Road::following:
      return {kQuiet, kBlack, "FOLLOWING"};
    case Road::approaching:
      return {kAmber, kBlack, "APPROACHING"};
    case Road::danger:
      return {kRed, kWhite, "DANGER"};
    case Road::blind:
      return {kBlack, kAmber, "BLIND"};
    case Road::no_signal:
      return {kBlack, kAmber, "NO SIGNAL"};
  }
  return {kBlack, kAmber, "UNKNOWN"};
}

class Painter {
 public:
  explicit Painter(cv::Mat& picture)
      : picture_(picture), unit_(std::max(0.5, picture.rows / kReferenceHeight_px)) {}

  int px(double reference_px) const {
    return std::max(1, static_cast<int>(std::lround(reference_px * unit_)));
  }

  cv::Size text_size(std::string_view text, double scale) const {
    int below = 0;
    return cv::getTextSize(std::string(text), kFont, scale * unit_, 1, &below);
  }

  void text(std::string_view text, cv::Point left_baseline, double scale, const cv::Scalar& ink,
            int weight = 1) {
    cv::putText(picture_, std::string(text), left_baseline, kFont, scale * unit_, ink, weight,
                cv::LINE_AA);
  }

  /// A filled plate with text; its top left corner is moved so that the plate stays in the picture.
  void plate(std::string_view words, cv::Point top_left, double scale, const cv::Scalar& colour,
             const cv::Scalar& ink) {
    const cv::Size size = text_size(words, scale);
    const int margin = px(4);
    const cv::Size outer(size.width + 2 * margin, size.height + 2 * margin);
    top_left.x = std::clamp(top_left.x, 0, std::max(0, picture_.cols - outer.width));
    top_left.y = std::clamp(top_left.y, 0, std::max(0, picture_.rows - outer.height));
    cv::rectangle(picture_, cv::Rect(top_left, outer), colour, cv::FILLED);
    text(words, {top_left.x + margin, top_left.y + margin + size.height}, scale, ink);
  }

  void track(const Track& track) {
    const cv::Rect box(track.box);
    if (box.width < 1 || box.height < 1) return;
    const bool threat = track.threat > 0;
    const cv::Scalar colour = track.threat >= 2 ? kRed : threat ? kAmber : kQuiet;
    corners(box, kBlack, px(threat ? 5 : 3));
    corners(box, colour, px(threat ? 3 : 1));
    if (!threat && box.width < px(24)) return;  // a plate would hide more than it tells

    std::string words(name(track.vehicle_class));
    if (track.ttc_s && track.motion == Motion::approaching)
      words += fmt::format(" {:.1f} s", *track.ttc_s);
    if (track.distance_m) words += fmt::format(" {:.0f} m", *track.distance_m);
    const double scale = threat ? 0.45 : 0.36;
    const int height = text_size(words, scale).height + px(8);
    const int above = box.y - height - px(3);
    plate(words, {box.x, above >= 0 ? above : box.y + px(3)}, scale, colour,
          track.threat >= 2 ? kWhite : kBlack);
    if (threat && (track.side == Side::left || track.side == Side::right))
      arrow(box, track.side == Side::left, colour);
  }

  void road(Road road) {
    const Style style = style_of(road);
    plate(style.word, {px(6), px(6)}, 0.55, style.colour, style.ink);
    if (road == Road::danger || road == Road::approaching)
      cv::rectangle(picture_, cv::Rect(cv::Point(), picture_.size()), style.colour,
                    px(road == Road::danger ? 10 : 5));
  }

  void warning(const OverlayWarning& warning) {
    picture_.convertTo(picture_, -1, 0.35);
    const cv::Rect band(0, picture_.rows / 2 - px(44), picture_.cols, px(88));
    cv::rectangle(picture_, band, kBlack, cv::FILLED);
    stripes({band.x, band.y, band.width, px(8)});
    stripes({band.x, band.y + band.height - px(8), band.width, px(8)});
    centred(warning.title, band.y + px(46), 0.95, kAmber, 2);
    centred(warning.detail, band.y + px(68), 0.42, kWhite, 1);
  }

 private:
  /// Only the corners of a box: the vehicle itself stays visible.
  void corners(const cv::Rect& box, const cv::Scalar& colour, int weight) {
    const int arm = std::max(px(4), std::min(box.width, box.height) / 4);
    for (const int right : {0, 1}) {
      for (const int bottom : {0, 1}) {
        const cv::Point corner(box.x + right * (box.width - 1), box.y + bottom * (box.height - 1));
        const int dx = right ? -arm : arm;
        const int dy = bottom ? -arm : arm;
        cv::line(picture_, corner, {corner.x + dx, corner.y}, colour, weight, cv::LINE_AA);
        cv::line(picture_, corner, {corner.x, corner.y + dy}, colour, weight, cv::LINE_AA);
      }
    }
  }

  void arrow(const cv::Rect& box, bool left, const cv::Scalar& colour) {
    const int reach = px(12);
    const int gap = px(5);
    const int x = left ? box.x - gap : box.x + box.width + gap;
    const int tip = left ? x - reach : x + reach;
    const int y = box.y + box.height / 2;
    const std::vector<cv::Point> triangle{{x, y - reach}, {x, y + reach}, {tip, y}};
    cv::fillConvexPoly(picture_, triangle, colour, cv::LINE_AA);
    cv::polylines(picture_, triangle, true, kBlack, 1, cv::LINE_AA);
  }

  void stripes(const cv::Rect& area) {
    const int step = area.height * 2;
    cv::Mat inside = picture_(area & cv::Rect(cv::Point(), picture_.size()));
    for (int x = -step; x < inside.cols + step; x += step) {
      const std::vector<cv::Point> stripe{
          {x, inside.rows}, {x + area.height, 0}, {x + step, 0}, {x + area.height, inside.rows}};
      cv::fillConvexPoly(inside, stripe, kAmber, cv::LINE_AA);
    }
  }

  void centred(std::string_view words, int baseline, double scale, const cv::Scalar& ink,
               int weight) {
    const int width = text_size(words, scale).width;
    if (width > picture_.cols - px(8)) scale *= double(picture_.cols - px(8)) / width;
    text(words, {(picture_.cols - text_size(words, scale).width) / 2, baseline}, scale, ink,
         weight);
  }

  cv::Mat& picture_;
  double unit_;
};

}  // namespace

cv::Mat draw_overlay(const Frame& frame, const Analysis& analysis) {
  cv::Mat picture = frame.bgr().clone();
  Painter painter(picture);
  if (analysis.state == AnalysisState::failed) {
    painter.warning({"ANALYSIS FAILED", analysis.text});
    return picture;
  }
  if (analysis.road == Road::blind) {
    painter.warning({"BLIND", analysis.text});
    return picture;
  }
  // The nearest threat is drawn last, so that no other covers it.
  std::vector<const Track*> tracks;
  for (const Track& track : analysis.tracks) {
    if (track.unseen_s <= kMostUnseen_s) tracks.push_back(&track);
  }
  std::stable_sort(tracks.begin(), tracks.end(), [](const Track* a, const Track* b) {
    return a->threat != b->threat ? a->threat < b->threat : a->box.area() < b->box.area();
  });
  painter.road(analysis.road);
  for (const Track* track : tracks) painter.track(*track);
  if (analysis.state == AnalysisState::degraded)
    painter.plate("LATE: " + analysis.text, {painter.px(6), picture.rows - painter.px(24)}, 0.45,
                  kAmber, kBlack);
  return picture;
}

cv::Mat draw_stale_overlay(const Frame& frame, const OverlayWarning& warning) {
  cv::Mat picture = frame.bgr().clone();
  Painter(picture).warning(warning);
  return picture;
}

cv::Mat draw_without_frame(cv::Size size, const OverlayWarning& warning) {
  cv::Mat picture(size, CV_8UC3, cv::Scalar(60, 60, 60));
  Painter(picture).warning(warning);
  return picture;
}

}  // namespace rearview

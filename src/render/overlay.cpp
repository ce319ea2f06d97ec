#include "render/overlay.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <optional>
#include <string>
#include <utility>
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
/// What was leaving is likely gone: there the box grows far into the picture, on nothing.
constexpr double kMostUnseenAtEdge_s = 0.1;

struct Style {
  cv::Scalar colour;
  cv::Scalar ink;  ///< text on the colour
  const char* word;
};

/// doubtful: that there is no threat isn't said then in a colour that calms.
Style style_of(Road road, bool doubtful) {
  switch (road) {
    case Road::unknown:
      return {kBlack, kAmber, "NOT JUDGED YET"};
    case Road::clear:
      return doubtful ? Style{kBlack, kAmber, "NOT SURE"} : Style{kGreen, kBlack, "CLEAR"};
    case Road::following:
      return doubtful ? Style{kBlack, kAmber, "FOLLOWING"} : Style{kQuiet, kBlack, "FOLLOWING"};
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

bool is_seen(const Track& track, const cv::Size& picture) {
  const bool whole = track.box.x > 0 && track.box.y > 0 &&
                     track.box.br().x < static_cast<float>(picture.width) &&
                     track.box.br().y < static_cast<float>(picture.height);
  return track.unseen_s <= (whole ? kMostUnseen_s : kMostUnseenAtEdge_s);
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

  /// Where a plate with these words lies; its top left corner is moved so that it stays in the
  /// picture.
  cv::Rect plate_area(std::string_view words, cv::Point top_left, double scale) const {
    const cv::Size size =
        text_size(words, scale) + cv::Size(2 * plate_margin(), 2 * plate_margin());
    return {std::clamp(top_left.x, 0, std::max(0, picture_.cols - size.width)),
            std::clamp(top_left.y, 0, std::max(0, picture_.rows - size.height)), size.width,
            size.height};
  }

  /// A filled plate with text. Returns where it lies.
  cv::Rect plate(std::string_view words, cv::Point top_left, double scale, const cv::Scalar& colour,
                 const cv::Scalar& ink) {
    const cv::Rect area = plate_area(words, top_left, scale);
    cv::rectangle(picture_, area, colour, cv::FILLED);
    text(words, {area.x + plate_margin(), area.br().y - plate_margin()}, scale, ink);
    return area;
  }

  /// The first one matters most. Its words find their place first; what is no threat goes without
  /// words where they would cover those of another, or a threat.
  void tracks(const std::vector<const Track*>& tracks, const cv::Rect& taken) {
    std::vector<cv::Rect> covered{taken};
    std::vector<std::pair<const Track*, cv::Rect>> worded;
    for (const Track* track : tracks) {
      const std::optional<cv::Rect> area = words_area(*track, covered);
      if (area) {
        covered.push_back(*area);
        worded.emplace_back(track, *area);
      }
      if (track->threat > 0) covered.emplace_back(track->box);
    }
    for (auto track = tracks.rbegin(); track != tracks.rend(); ++track) box(**track);
    for (auto words = worded.rbegin(); words != worded.rend(); ++words) {
      const auto& [track, area] = *words;
      plate(words_of(*track), area.tl(), words_scale(*track), colour_of(*track),
            track->threat >= 2 ? kWhite : kBlack);
    }
  }

  /// Returns where its word lies.
  cv::Rect road(Road road, bool doubtful) {
    const Style style = style_of(road, doubtful);
    const cv::Rect area = plate(style.word, {px(6), px(6)}, 0.55, style.colour, style.ink);
    if (road == Road::danger || road == Road::approaching)
      cv::rectangle(picture_, cv::Rect(cv::Point(), picture_.size()), style.colour,
                    px(road == Road::danger ? 10 : 5));
    return area;
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
  int plate_margin() const { return px(4); }

  static const cv::Scalar& colour_of(const Track& track) {
    return track.threat >= 2 ? kRed : track.threat > 0 ? kAmber : kQuiet;
  }

  static std::string words_of(const Track& track) {
    std::string words(name(track.vehicle_class));
    if (track.ttc_s && track.threat > 0) words += fmt::format(" {:.1f} s", *track.ttc_s);
    if (track.distance_m) words += fmt::format(" {:.0f} m", *track.distance_m);
    return words;
  }

  static double words_scale(const Track& track) { return track.threat > 0 ? 0.45 : 0.36; }

  /// Above the box, else below it, where no other words are.
  std::optional<cv::Rect> words_area(const Track& track, const std::vector<cv::Rect>& taken) const {
    const cv::Rect box(track.box);
    // Words on a small box would hide more than they tell.
    if (box.area() == 0 || (track.threat == 0 && box.width < px(24))) return std::nullopt;
    const std::string words = words_of(track);
    const double scale = words_scale(track);
    const int height = text_size(words, scale).height + 2 * plate_margin();
    const int above = box.y - height - px(3);
    const std::array<int, 2> tops{above >= 0 ? above : box.y + px(3), box.br().y + px(3)};
    for (const int top : tops) {
      const cv::Rect area = plate_area(words, {box.x, top}, scale);
      if (std::none_of(taken.begin(), taken.end(),
                       [&](const cv::Rect& other) { return (other & area).area() > 0; }))
        return area;
    }
    if (track.threat == 0) return std::nullopt;
    return plate_area(words, {box.x, tops[0]}, scale);
  }

  void box(const Track& track) {
    const cv::Rect box(track.box);
    if (box.width < 1 || box.height < 1) return;
    const bool threat = track.threat > 0;
    corners(box, kBlack, px(threat ? 5 : 3));
    corners(box, colour_of(track), px(threat ? 3 : 1));
    if (threat && (track.side == Side::left || track.side == Side::right))
      arrow(box, track.side == Side::left, colour_of(track));
  }

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
  std::vector<const Track*> tracks;
  for (const Track& track : analysis.tracks) {
    if (is_seen(track, picture.size())) tracks.push_back(&track);
  }
  std::stable_sort(tracks.begin(), tracks.end(), [](const Track* a, const Track* b) {
    return a->threat != b->threat ? a->threat > b->threat : a->box.area() > b->box.area();
  });
  const bool degraded = analysis.state == AnalysisState::degraded;
  const cv::Rect word = painter.road(analysis.road, degraded);
  painter.tracks(tracks, word);
  if (degraded)
    painter.plate("DEGRADED: " + analysis.text, {painter.px(6), picture.rows - painter.px(24)},
                  0.45, kAmber, kBlack);
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

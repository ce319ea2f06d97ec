#pragma once

#include <array>
#include <boost/asio/generic/datagram_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyse/network/look_rate.h"
#include "analyse/stage.h"
#include "base/clock.h"
#include "base/setting.h"

namespace rearview {

struct ExternalSettings {
  std::string listen;
  int stale_ms = 500;
  double score_threshold = 0.1;

  static constexpr auto settings() {
    using S = ExternalSettings;
    return std::array{
        setting<&S::listen>("listen", "udp:ADDRESS:PORT or unix:PATH, where datagrams come in."),
        setting<&S::stale_ms>("stale_ms", {50, 10'000},
                              "Older boxes make the analysis degraded and the road blind."),
        setting<&S::score_threshold>("score_threshold", {0.01, 0.99}, "Weaker boxes are left out."),
    };
  }
  void check(const ConfigReader& reader) const;
};

/// Reports the boxes that another process or a chip found: JSON lines in datagrams, one line for
/// each picture that it looked at, the newest of which counts:
///
///   {"width": 640, "height": 480, "detections":
///     [{"name": "car", "confidence": 0.83, "box": [x, y, width, height]}]}
///
/// width and height are those of the picture that the boxes are in; it has to show what the frames
/// show. name is a VehicleClass; what has another is not reported.
///
/// Between two lines the detector rested. Where the newest is older than `stale_ms`, or none has
/// come, the analysis is degraded and the road blind: what nobody looked for is not known to be
/// away.
///
/// The socket is opened with the first frame; process() throws std::runtime_error while it can't
/// be. A line that isn't right is logged and passed over. At most 64 datagrams of 64 KiB are read
/// for a frame, at most 100 boxes taken of a line.
class ExternalDetector : public Stage {
 public:
  /// "external". Keys: those of ExternalSettings; listen has to be there.
  static const StageType kType;

  /// now: for tests.
  explicit ExternalDetector(ExternalSettings settings,
                            std::function<SteadyTime()> now = SteadyClock::now);
  /// Removes a Unix socket that it made.
  ~ExternalDetector() override;
  ExternalDetector(const ExternalDetector&) = delete;
  ExternalDetector& operator=(const ExternalDetector&) = delete;

  const StageType& type() const override { return kType; }
  void process(const FrameContext& context, Analysis& analysis) override;
  void reset() noexcept override;

 private:
  struct Line {
    cv::Size2f size;
    std::vector<Detection> detections;  ///< boxes in pixels of `size`
    SteadyTime came;
  };

  void open();
  /// Whether a line came that is right; it is the newest then.
  bool receive();
  Line read(std::string_view text) const;

  const ExternalSettings settings_;
  const std::function<SteadyTime()> now_;
  boost::asio::io_context io_;
  boost::asio::generic::datagram_protocol::socket socket_{io_};
  std::string buffer_;
  std::optional<Line> newest_;
  SteadyTime looked_;   ///< into the socket
  bool wrong_ = false;  ///< the last line was
  LookRate rate_;
};

}  // namespace rearview

#include "analyse/network/external_detector.h"

#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/local/datagram_protocol.hpp>
#include <boost/system/system_error.hpp>
#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "analyse/network/tuning.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "base/log.h"
#include "types/json.h"

namespace rearview {
namespace {

using namespace network_tuning;
using namespace network_tuning::external_detector;
namespace asio = boost::asio;
using Unix = asio::local::datagram_protocol;
using Udp = asio::ip::udp;

constexpr std::string_view kUnix = "unix:";
constexpr std::string_view kUdp = "udp:";

Udp::endpoint udp_endpoint(std::string_view address) {
  const Endpoint endpoint = parse_endpoint(address);
  return {asio::ip::make_address(endpoint.host), endpoint.port};
}

/// A socket whose program is gone stands in the way of its successor.
void remove_left_behind(const std::string& path, asio::io_context& io) {
  struct stat kind {};
  if (::lstat(path.c_str(), &kind) != 0 || !S_ISSOCK(kind.st_mode)) return;
  Unix::socket probe(io);
  boost::system::error_code error;
  probe.connect(Unix::endpoint(path), error);
  if (error == asio::error::connection_refused) ::unlink(path.c_str());
}

double number(const nlohmann::json& value, const char* what, double least, double most) {
  if (!value.is_number()) throw std::runtime_error(fmt::format("{} is not a number", what));
  const auto number = value.get<double>();
  if (!(number >= least && number <= most))
    throw std::runtime_error(fmt::format("{} {} is not from {} to {}", what, number, least, most));
  return number;
}

const nlohmann::json& member(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) throw std::runtime_error(fmt::format("\"{}\" is missing", key));
  return *found;
}

cv::Rect2f box_of(const nlohmann::json& value) {
  if (!value.is_array() || value.size() != 4)
    throw std::runtime_error("\"box\" is not [x, y, width, height]");
  std::array<float, 4> sides{};
  for (std::size_t i = 0; i < 4; ++i)
    sides[i] = static_cast<float>(number(value[i], "a side of a box", -kMostSide_px, kMostSide_px));
  return {sides[0], sides[1], sides[2], sides[3]};
}

std::unique_ptr<Stage> make_external(ConfigReader& config) {
  ExternalSettings settings;
  read_settings(config, settings);
  config.finish();
  if (settings.listen.empty())
    config.fail("listen", "is missing; udp:ADDRESS:PORT or unix:PATH, where boxes come in");
  return std::make_unique<ExternalDetector>(std::move(settings));
}

}  // namespace

ExternalDetector::ExternalDetector(ExternalSettings settings, std::function<SteadyTime()> now)
    : settings_(std::move(settings)), now_(std::move(now)), buffer_(kMostBytes, '\0') {}

ExternalDetector::~ExternalDetector() {
  if (socket_.is_open() && settings_.listen.starts_with(kUnix))
    ::unlink(settings_.listen.c_str() + kUnix.size());
}

void ExternalDetector::reset() noexcept {
  newest_.reset();
  rate_.reset();
}

void ExternalDetector::open() {
  if (socket_.is_open()) return;
  const std::string_view listen = settings_.listen;
  asio::generic::datagram_protocol::socket socket(io_);
  try {
    if (listen.starts_with(kUnix)) {
      const std::string path(listen.substr(kUnix.size()));
      remove_left_behind(path, io_);
      socket.open(Unix());
      socket.bind(Unix::endpoint(path));
    } else {
      const Udp::endpoint endpoint = udp_endpoint(listen.substr(kUdp.size()));
      socket.open(endpoint.protocol());
      socket.bind(endpoint);
    }
    socket.non_blocking(true);
  } catch (const boost::system::system_error& e) {
    throw std::runtime_error(
        fmt::format("stage external can't listen at {}: {}", listen, e.code().message()));
  }
  socket_ = std::move(socket);
  looked_ = now_();
}

ExternalDetector::Line ExternalDetector::read(std::string_view text) const {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) throw std::runtime_error("it is no JSON object");
  Line line;
  line.size = {static_cast<float>(number(member(json, "width"), "width", 1, kMostSide_px)),
               static_cast<float>(number(member(json, "height"), "height", 1, kMostSide_px))};
  const nlohmann::json& detections = member(json, "detections");
  if (!detections.is_array()) throw std::runtime_error("\"detections\" is no array");
  for (const nlohmann::json& detection : detections) {
    if (!detection.is_object()) throw std::runtime_error("a detection is no object");
    const nlohmann::json& name = member(detection, "name");
    if (!name.is_string()) throw std::runtime_error("\"name\" is no text");
    const double score = number(member(detection, "confidence"), "confidence", 0, 1);
    const cv::Rect2f box = box_of(member(detection, "box"));
    const auto vehicle_class = from_name<VehicleClass>(name.get_ref<const std::string&>());
    if (!vehicle_class || score < settings_.score_threshold) continue;
    line.detections.push_back({.box = box,
                               .score = static_cast<float>(score),
                               .vehicle_class = *vehicle_class,
                               .detector = "external"});
  }
  std::stable_sort(line.detections.begin(), line.detections.end(),
                   [](const Detection& a, const Detection& b) { return a.score > b.score; });
  line.detections.resize(std::min(line.detections.size(), kMostDetections));
  return line;
}

bool ExternalDetector::receive() {
  bool came = false;
  for (int i = 0; i < kMostDatagrams; ++i) {
    boost::system::error_code error;
    const std::size_t bytes = socket_.receive(asio::buffer(buffer_), 0, error);
    if (error) break;  // nothing waits
    std::string_view lines(buffer_.data(), bytes);
    while (!lines.empty()) {
      const std::size_t end = std::min(lines.find('\n'), lines.size());
      const std::string_view line = lines.substr(0, end);
      lines.remove_prefix(std::min(end + 1, lines.size()));
      if (line.empty()) continue;
      try {
        newest_ = read(line);
        // Nobody stamps what waits in the socket: it may be as old as the look before.
        newest_->came = looked_;
        came = true;
        wrong_ = false;
      } catch (const std::exception& e) {
        if (!std::exchange(wrong_, true))
          log::warning("analyse", "a line with boxes isn't right",
                       {{"from", settings_.listen}, {"why", e.what()}});
      }
    }
  }
  looked_ = now_();
  return came;
}

void ExternalDetector::process(const FrameContext& context, Analysis& analysis) {
  open();
  const bool came = receive();
  if (!newest_ || looked_ - newest_->came > std::chrono::milliseconds(settings_.stale_ms)) {
    analysis.state = AnalysisState::degraded;
    analysis.road = Road::blind;
    rate_.reset();
    analysis.text = newest_ ? fmt::format("the newest boxes at {} are {:.0f} ms old",
                                          settings_.listen, ms_between(newest_->came, looked_))
                            : fmt::format("no boxes have come to {} yet", settings_.listen);
    analysis.detector_rested = true;
    return;
  }
  const Frame& frame = context.frame;
  rate_.count(came, frame.t_s);
  rate_.judge(analysis);
  if (!came) {
    analysis.detector_rested = true;
    return;
  }
  const float across = static_cast<float>(frame.width()) / newest_->size.width;
  const float down = static_cast<float>(frame.height()) / newest_->size.height;
  const cv::Rect2f picture({0, 0}, cv::Size2f(frame.size()));
  for (Detection detection : newest_->detections) {
    const cv::Rect2f& box = detection.box;
    detection.box =
        cv::Rect2f(box.x * across, box.y * down, box.width * across, box.height * down) & picture;
    if (detection.box.width < kLeastSide_px || detection.box.height < kLeastSide_px) continue;
    analysis.detections.push_back(detection);
  }
}

void ExternalSettings::check(const ConfigReader& config) const {
  if (listen.starts_with(kUdp)) {
    try {
      udp_endpoint(std::string_view(listen).substr(kUdp.size()));
    } catch (const std::exception&) {
      config.fail("listen", fmt::format("\"{}\" is not udp:ADDRESS:PORT", listen));
    }
  } else if (listen.starts_with(kUnix)) {
    constexpr std::size_t kMost = sizeof(sockaddr_un::sun_path) - 1;
    const std::size_t length = listen.size() - kUnix.size();
    if (length == 0 || length > kMost)
      config.fail("listen", fmt::format("the path of a Unix socket has 1 to {} bytes", kMost));
  } else if (!listen.empty()) {
    config.fail("listen", fmt::format("\"{}\" is neither udp:ADDRESS:PORT nor unix:PATH", listen));
  }
}

const StageType ExternalDetector::kType{
    .name = "external",
    .text = "Takes boxes that another process or a chip found (docs/networks.md).",
    .schema = schema_of<ExternalSettings>,
    .reads = {},
    .uses = {},
    .writes = {Fact::detections},
    .make = make_external};

}  // namespace rearview

#include "tests/support/fuzz_messages.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>

#include "analyse/network/external_detector.h"
#include "app/zip_file.h"
#include "archive/archive_job.h"
#include "base/error.h"
#include "base/log.h"
#include "base/temporary_folder.h"
#include "http/router.h"
#include "serve/archive_routes.h"
#include "site/access/access_routes.h"
#include "site/access/credentials.h"
#include "site/access/gate.h"
#include "tests/analyse/frames.h"
#include "tests/serve/memory_history.h"
#include "tests/support/memory_file.h"

namespace rearview::test {
namespace {

void demand(bool condition, const char* promise) {
  if (!condition) throw std::logic_error(std::string("broken promise: ") + promise);
}

std::string text_of(std::span<const std::uint8_t> input) {
  return {input.begin(), input.end()};
}

/// Sends datagrams to a Unix socket.
class Sender {
 public:
  explicit Sender(const std::filesystem::path& to)
      : to_(to.string()), descriptor_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {}
  ~Sender() { ::close(descriptor_); }
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  void send(std::string_view datagram) const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, to_.c_str(), sizeof address.sun_path - 1);
    ::sendto(descriptor_, datagram.data(), datagram.size(), MSG_DONTWAIT,
             reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }

 private:
  const std::string to_;
  const int descriptor_;
};

/// The service's routes that take a body, and what stands behind them, for one request.
class Api {
 public:
  Api()
      : credentials_({}),
        gate_(config_.access, credentials_),
        access_(config_, credentials_, gate_, now()) {
    history_.set_ride_of_missed(1);
    history_.store({});
    router_.before([this](http::Request& request) { gate_.admit(request); });
    access_.add_routes(router_);
    add_archive_routes(router_, history_, now(), {});
  }

  /// The status, which is 0 where nothing was answered.
  int ask(http::Request& request) {
    int status = 0;
    const auto told = [&status](int answered) {
      demand(status == 0, "one answer");
      status = answered;
    };
    std::string allowed;
    {
      const http::Responder responder(
          [&](const http::Response& response) { told(response.status); },
          [&](int failed, std::string_view) { told(failed); });
      try {
        router_.dispatch(request, responder, allowed);
      } catch (const http::HttpError& error) {
        responder.fail(error.status, error.what());
      }
    }
    return status;
  }

 private:
  static AnswerOnWorker now() {
    return [](const http::Responder& responder, const std::function<http::Response()>& answer) {
      try {
        responder.respond(answer());
      } catch (const http::HttpError& error) {
        responder.fail(error.status, error.what());
      }
    };
  }

  const SiteConfig config_;
  Credentials credentials_;
  Gate gate_;
  Access access_;
  MemoryHistory history_;
  http::Router router_;
};

}  // namespace

void fuzz_external(std::span<const std::uint8_t> input) {
  static const TemporaryFolder folder;
  static const auto socket = folder / "boxes";
  static const Sender sender(socket);
  static ExternalDetector stage({.listen = "unix:" + socket.string()});
  static Shown shown;
  static std::uint64_t seq = 0;
  const auto look = [&] {
    ++seq;
    Analysis analysis;
    shown.show(stage, *frame_at(static_cast<double>(seq) / 30, seq, flat_planes({320, 240}, 100)),
               analysis);
    return analysis;
  };
  stage.reset();
  look();  // opens the socket
  std::string_view text(reinterpret_cast<const char*>(input.data()), input.size());
  constexpr std::size_t kPiece = 4096;
  for (; !text.empty(); text.remove_prefix(std::min(kPiece, text.size())))
    sender.send(text.substr(0, kPiece));
  const Analysis analysis = look();
  demand(analysis.road == Road::unknown || analysis.road == Road::blind, "it judges no road");
  demand(analysis.detections.size() <= 100, "no more boxes than are bounded");
  const cv::Rect2f picture(0, 0, 320, 240);
  for (const Detection& one : analysis.detections) {
    demand((one.box & picture) == one.box && one.box.area() > 0, "a box in the picture");
    demand(one.score >= 0 && one.score <= 1, "a score");
  }
}

void fuzz_archive_job(std::span<const std::uint8_t> input) {
  const nlohmann::json json = nlohmann::json::parse(text_of(input), nullptr, false);
  std::optional<ArchiveJob> job;
  try {
    job = archive_job_from_json(json);
  } catch (const std::runtime_error&) {
    return;
  }
  demand(job->name().size() == 64, "a name");
  demand(job->before_s >= 0 && job->before_s <= kLongestBefore_s, "a time before");
  demand(!job->fps || (*job->fps >= kLeastFps && *job->fps <= kMostFps), "a rate of pictures");
  demand(archive_job_from_json(to_json(*job)).name() == job->name(),
         "it comes back as it was told");
}

void fuzz_api(std::span<const std::uint8_t> input) {
  const std::string text = text_of(input);
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::size_t space = text.find(' ');
  if (space == std::string::npos || space > end) return;
  http::Request request;
  request.method = text.substr(0, space);
  request.target = text.substr(space + 1, end - space - 1);
  if (!http::parse_target(request.target, request)) return;
  request.peer = "127.0.0.1:7";
  request.from_this_machine = true;
  request.headers = {{"Host", "127.0.0.1"}, {"Content-Type", "application/json"}};
  if (end < text.size()) request.body = text.substr(end + 1);
  const int status = Api().ask(request);
  demand(status >= 200 && status < 600 && status != 500, "an answer, and not 500");
}

void fuzz_zip(std::span<const std::uint8_t> input) {
  const MemoryFile file(input);
  try {
    const UnzippedFolder folder(file.path());
    for (const auto& one : folder.files())
      demand(std::filesystem::is_regular_file(std::filesystem::symlink_status(one)), "plain files");
  } catch (const UsageError& error) {
    demand(std::string(error.what()).starts_with(file.path().string()),
           "a refusal names its source");
  }
}

std::vector<std::string> external_samples() {
  return {R"({"width":640,"height":480,"detections":[{"name":"car","confidence":0.8,)"
          R"("box":[64,48,128,96]},{"name":"truck","confidence":0.3,"box":[-4,-8,9000,1e3]}]})"
          "\n",
          R"({"width":640,"height":480,"detections":[]})"
          "\n\n{\"width\":0}\nnonsense",
          std::string(5000, '['), R"({"width":1e400,"height":1e-400,"detections":{}})"};
}

std::vector<std::string> archive_job_samples() {
  const std::string sum(64, 'a');
  const ArchiveSource source{"file:/rides/a.mkv", 1000, sum};
  const ArchiveJob job{.recording = source,
                       .before = {{"https://host/b.mkv", 7, sum}, source},
                       .before_s = 30,
                       .goes_on = true,
                       .fps = 29.97,
                       .analysis = sum};
  return {to_json(job).dump(), "{}", std::string(3000, '[')};
}

std::vector<std::string> api_samples() {
  return {"PUT /api/v1/alerts/1/mark\n{\"mark\":\"wrong\"}",
          "DELETE /api/v1/alerts/1/mark\n",
          "PUT /api/v1/alerts/1/lock\n",
          "POST /api/v1/missed\n{\"camera\":\"rear\",\"note\":\"a lorry\","
          "\"time\":\"2026-11-22T09:00:00.123Z\"}",
          "GET /api/v1/alerts?after=0&limit=200&camera=rear&kind=overtake\n",
          "GET /api/v1/passes?ride=1&after=3\n",
          "POST /api/v1/access/login\n{\"password\":\"correct horse\",\"name\":\"phone\"}",
          "POST /api/v1/access/pair\n{\"code\":\"ABCD-EFGH\",\"name\":\"phone\"}",
          "POST /api/v1/access/tokens\n{\"name\":\"phone\",\"scope\":\"view\"}",
          "POST /api/v1/access/pairings\n{\"scope\":\"admin\"}",
          "POST /api/v1/access/streams\n{\"path\":\"/api/v1/cameras/rear/stream.mjpg\"}",
          "POST /api/v1/missed\n" + std::string(3000, '[')};
}

std::vector<std::string> zip_samples() {
  const TemporaryFolder folder;
  const auto file = folder / "feedback.zip";
  ZipWriter zip(file);
  zip.add("1.mp4", std::string(200, 'm'));
  zip.add("1.truth.json", std::string("{\"input\":\"1.mp4\"}"));
  zip.finish();
  std::ifstream in(file, std::ios::binary);
  return {std::string(std::istreambuf_iterator<char>(in), {}), "PK\x05\x06"};
}

}  // namespace rearview::test

#include "analyse/network/external_detector.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/error.h"
#include "tests/analyse/frames.h"

namespace rearview {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr const char* kCar =
    R"({"width":640,"height":480,"detections":[{"name":"car","confidence":0.8,"box":[64,48,128,96]}]})";
constexpr const char* kNothing = R"({"width":640,"height":480,"detections":[]})";

class ExternalDetectorTest : public testing::Test {
 protected:
  ExternalDetectorTest() {
    std::filesystem::create_directories(folder_);
    settings_.listen = "unix:" + socket_.string();
  }
  ~ExternalDetectorTest() override { std::filesystem::remove_all(folder_); }

  ExternalDetector detector() {
    return ExternalDetector(settings_, [this] { return now_; });
  }

  /// One frame later.
  Analysis look(ExternalDetector& stage, int after_ms = 33) {
    now_ += milliseconds(after_ms);
    Analysis analysis;
    test::Shown().show(stage, *test::frame_at(0, ++seq_, test::flat_planes({320, 240}, 100)),
                       analysis);
    return analysis;
  }

  void send(const std::string& datagram) const {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::strncpy(to.sun_path, socket_.c_str(), sizeof to.sun_path - 1);
    send(AF_UNIX, reinterpret_cast<const sockaddr*>(&to), sizeof to, datagram);
  }

  static void send(int family, const sockaddr* to, socklen_t length, const std::string& datagram) {
    const int fd = ::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ASSERT_GE(fd, 0);
    EXPECT_EQ(::sendto(fd, datagram.data(), datagram.size(), 0, to, length),
              static_cast<ssize_t>(datagram.size()));
    ::close(fd);
  }

  template <typename Act>
  static std::string message(Act act) {
    try {
      act();
    } catch (const std::runtime_error& e) {
      return e.what();
    }
    return "no error";
  }

  static void expect_not_seen(const Analysis& analysis) {
    EXPECT_EQ(analysis.state, AnalysisState::degraded);
    EXPECT_EQ(analysis.road, Road::blind);
    EXPECT_TRUE(analysis.detector_rested);
    EXPECT_TRUE(analysis.detections.empty());
    EXPECT_NE(analysis.text, "");
  }

  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("rearview_external_" + std::to_string(::getpid()));
  std::filesystem::path socket_ = folder_ / "boxes.sock";
  ExternalSettings settings_;
  SteadyTime now_ = SteadyClock::now();
  std::uint64_t seq_ = 0;
};

TEST_F(ExternalDetectorTest, ReportsBoxesInPixelsOfTheFrame) {
  auto stage = detector();
  look(stage);
  send(kCar);
  const Analysis analysis = look(stage);
  EXPECT_EQ(analysis.state, AnalysisState::ok);
  EXPECT_FALSE(analysis.detector_rested);
  ASSERT_EQ(analysis.detections.size(), 1U);
  const Detection& found = analysis.detections[0];
  EXPECT_EQ(found.box, cv::Rect2f(32, 24, 64, 48));
  EXPECT_FLOAT_EQ(found.score, 0.8F);
  EXPECT_EQ(found.vehicle_class, VehicleClass::car);
  EXPECT_EQ(found.detector, "external");
  EXPECT_FALSE(found.growth_per_s);
}

TEST_F(ExternalDetectorTest, CutsBoxesAtThePictureAndLeavesOutWhatIsNoVehicleOrWeak) {
  auto stage = detector();
  look(stage);
  const std::string line =
      R"({"width":320,"height":240,"detections":[{"name":"person","confidence":0.9,"box":[10,10,50,50]},)"
      R"({"name":"car","confidence":0.05,"box":[10,10,50,50]},)"
      R"({"name":"bus","confidence":0.5,"box":[-20,-20,60,60]},)"
      R"({"name":"truck","confidence":0.7,"box":[400,10,50,50]},)"
      R"({"name":"car","confidence":0.9,"box":[10,10,-50,50]}]})";
  send(line);
  const Analysis analysis = look(stage);
  ASSERT_EQ(analysis.detections.size(), 1U);
  EXPECT_EQ(analysis.detections[0].vehicle_class, VehicleClass::bus);
  EXPECT_EQ(analysis.detections[0].box, cv::Rect2f(0, 0, 40, 40));
}

TEST_F(ExternalDetectorTest, TheNewestLineCounts) {
  auto stage = detector();
  look(stage);
  send(std::string(kNothing) + "\n" + kCar + "\n");
  EXPECT_EQ(look(stage).detections.size(), 1U);
  send(kCar);
  send(kNothing);
  const Analysis analysis = look(stage);
  EXPECT_TRUE(analysis.detections.empty());
  EXPECT_FALSE(analysis.detector_rested) << "it has looked and found nothing";
}

TEST_F(ExternalDetectorTest, RestsBetweenTwoLines) {
  auto stage = detector();
  look(stage);
  send(kCar);
  look(stage);
  const Analysis analysis = look(stage);
  EXPECT_EQ(analysis.state, AnalysisState::ok);
  EXPECT_TRUE(analysis.detector_rested);
  EXPECT_TRUE(analysis.detections.empty());
}

TEST_F(ExternalDetectorTest, NoBoxesYetIsNoEmptyRoad) {
  auto stage = detector();
  const Analysis analysis = look(stage);
  expect_not_seen(analysis);
  EXPECT_THAT(analysis.text, HasSubstr("no boxes have come to unix:"));
}

TEST_F(ExternalDetectorTest, OldBoxesAreNoEmptyRoad) {
  auto stage = detector();
  look(stage);
  send(kNothing);
  look(stage);
  EXPECT_EQ(look(stage, 450).state, AnalysisState::ok);
  const Analysis analysis = look(stage, 50);
  expect_not_seen(analysis);
  EXPECT_THAT(analysis.text, HasSubstr("533 ms old"));
  send(kNothing);
  EXPECT_EQ(look(stage).state, AnalysisState::ok);
}

TEST_F(ExternalDetectorTest, WhatWaitedWhileNobodyLookedIsAsOldAsThat) {
  auto stage = detector();
  look(stage);
  send(kNothing);
  expect_not_seen(look(stage, 600));
}

TEST_F(ExternalDetectorTest, AfterAResetOldBoxesAreGone) {
  auto stage = detector();
  look(stage);
  send(kCar);
  look(stage);
  stage.reset();
  expect_not_seen(look(stage));
}

TEST_F(ExternalDetectorTest, WrongLinesArePassedOverAndSayNothingOfTheRoad) {
  auto stage = detector();
  look(stage);
  for (
      const char* line : {
          "",
          "\n\n",
          "boxes",
          "[]",
          "{",
          R"({"width":640,"height":480})",
          R"({"height":480,"detections":[]})",
          R"({"width":0,"height":480,"detections":[]})",
          R"({"width":640,"height":"480","detections":[]})",
          R"({"width":640,"height":480,"detections":{}})",
          R"({"width":640,"height":480,"detections":[7]})",
          R"({"width":640,"height":480,"detections":[{"confidence":0.8,"box":[1,2,3,4]}]})",
          R"({"width":640,"height":480,"detections":[{"name":1,"confidence":0.8,"box":[1,2,3,4]}]})",
          R"({"width":640,"height":480,"detections":[{"name":"car","confidence":1.8,"box":[1,2,3,4]}]})",
          R"({"width":640,"height":480,"detections":[{"name":"car","confidence":0.8,"box":[1,2,3]}]})",
          R"({"width":640,"height":480,"detections":[{"name":"car","confidence":0.8,"box":[1,2,3,1e9]}]})",
          R"({"width":640,"height":480,"detections":[{"name":"car","confidence":0.8,"box":[1,2,3,null]}]})",
      }) {
    send(line);
    expect_not_seen(look(stage));
  }
  send(std::string(100000, '['));
  expect_not_seen(look(stage));
  send(kCar);
  EXPECT_EQ(look(stage).detections.size(), 1U);
}

TEST_F(ExternalDetectorTest, TakesTheStrongestBoxesOfTooMany) {
  auto stage = detector();
  look(stage);
  std::string line = R"({"width":320,"height":240,"detections":[)";
  for (int i = 0; i < 300; ++i)
    line += std::string(i ? "," : "") + R"({"name":"car","confidence":0.)" +
            std::to_string(200 + i) + R"(,"box":[10,10,50,50]})";
  send(line + "]}");
  const Analysis analysis = look(stage);
  ASSERT_EQ(analysis.detections.size(), 100U);
  EXPECT_FLOAT_EQ(analysis.detections.front().score, 0.499F);
}

TEST_F(ExternalDetectorTest, ListensToUdp) {
  // A loopback address of this process alone.
  const auto host = static_cast<std::uint32_t>(::getpid());
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(5600);
  to.sin_addr.s_addr = htonl(0x7f000000U | (host & 0x00ffffffU) | 2U);
  std::array<char, INET_ADDRSTRLEN> text{};
  inet_ntop(AF_INET, &to.sin_addr, text.data(), text.size());
  settings_.listen = std::string("udp:") + text.data() + ":5600";
  auto stage = detector();
  look(stage);
  send(AF_INET, reinterpret_cast<const sockaddr*>(&to), sizeof to, kCar);
  EXPECT_EQ(look(stage).detections.size(), 1U);
}

TEST_F(ExternalDetectorTest, ReplacesASocketThatWasLeftBehindButNoOtherFileOrProgram) {
  {
    auto first = detector();
    look(first);
    auto second = detector();
    EXPECT_THAT(message([&] { look(second); }), HasSubstr("can't listen at unix:"));
    send(kCar);
    EXPECT_EQ(look(first).detections.size(), 1U);
  }
  EXPECT_FALSE(std::filesystem::exists(socket_));
  // A kill leaves the file.
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket_.c_str(), sizeof address.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ::close(fd);
  {
    auto stage = detector();
    EXPECT_EQ(message([&] { look(stage); }), "no error");
  }
  std::ofstream(socket_) << "somebody's";
  auto stage = detector();
  EXPECT_THAT(message([&] { look(stage); }), HasSubstr("can't listen at unix:"));
  EXPECT_TRUE(std::filesystem::is_regular_file(socket_));
}

std::string refusal(const char* json) {
  const nlohmann::json value = nlohmann::json::parse(json);
  ConfigReader config(value, "rearview.json", "/stages/0");
  ExternalSettings settings;
  try {
    read_settings(config, settings);
  } catch (const UsageError& e) {
    return e.what();
  }
  return "no error";
}

TEST(ExternalSettings, SettingsThatDontFitAreRefused) {
  EXPECT_EQ(refusal(R"({"listen":"udp:127.0.0.1:5600","stale_ms":300,"score_threshold":0.3})"),
            "no error");
  EXPECT_EQ(refusal(R"({"listen":"udp:[::1]:5600"})"), "no error");
  EXPECT_EQ(
      refusal(R"({"listen":"tcp:127.0.0.1:5600"})"),
      "rearview.json: /stages/0/listen: \"tcp:127.0.0.1:5600\" is neither udp:ADDRESS:PORT nor "
      "unix:PATH");
  for (const char* wrong : {"udp:localhost:5600", "udp:127.0.0.1", "udp:127.0.0.1:99999", "udp:"})
    EXPECT_THAT(refusal((std::string(R"({"listen":")") + wrong + "\"}").c_str()),
                HasSubstr("is not udp:ADDRESS:PORT"));
  EXPECT_THAT(refusal(R"({"listen":"unix:"})"), HasSubstr("has 1 to 107 bytes"));
  EXPECT_THAT(refusal((R"({"listen":"unix:/)" + std::string(200, 'a') + "\"}").c_str()),
              HasSubstr("has 1 to 107 bytes"));
  EXPECT_THAT(refusal(R"({"stale_ms":5})"), HasSubstr("/stages/0/stale_ms"));
}

}  // namespace
}  // namespace rearview

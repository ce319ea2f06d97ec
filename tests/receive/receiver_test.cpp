#include "receive/receiver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <random>
#include <thread>

#include "tests/support/fake_camera.h"
#include "tests/support/test_stream.h"

namespace rearview {
namespace {

using Bytes = std::vector<std::uint8_t>;
using test::FakeCamera;
using test::picture_number;
using Kind = LinkEvent::Kind;

constexpr auto kPatience = std::chrono::seconds(30);

Bytes join(const std::vector<Bytes>& units) {
  Bytes all;
  for (const auto& unit : units) all.insert(all.end(), unit.begin(), unit.end());
  return all;
}

ReceiverConfig config_for(const std::string& url) {
  ReceiverConfig config;
  config.url = url;
  config.backoff_min_ms = 10;
  config.backoff_max_ms = 50;
  config.read_timeout_ms = 20'000;
  return config;
}

// A receiver in a thread, and all that it has given out.
class Watched {
 public:
  explicit Watched(const ReceiverConfig& config)
      : receiver_(
            config, [this](FramePtr frame) { on_frame(*frame); },
            [this](const LinkEvent& event) { on_event(event); },
            [this](LiveAccessUnitPtr unit) { on_unit(*unit); }),
        thread_([this](std::stop_token stop) { receiver_.run(stop); }) {}

  struct Picture {
    std::optional<int> number;
    std::uint32_t epoch;
    std::uint64_t seq;
    double t_s;
    cv::Size size;
  };

  // The condition may look at what this object has, but not call it, stats() excepted.
  bool wait(const std::function<bool()>& condition) {
    const SteadyTime end = SteadyClock::now() + kPatience;
    std::unique_lock lock(mutex_);
    while (!condition()) {
      if (SteadyClock::now() > end) return false;
      changed_.wait_for(lock, std::chrono::milliseconds(5));  // counters don't notify
    }
    return true;
  }
  bool wait_for_frames(std::size_t count) {
    return wait([&] { return frames_.size() >= count; });
  }
  bool wait_for_event(Kind kind, std::size_t count = 1) {
    return wait([&] {
      return static_cast<std::size_t>(std::ranges::count(events_, kind, &LinkEvent::kind)) >= count;
    });
  }
  // How long run() takes to end once told to.
  double stop_ms() {
    const SteadyTime start = SteadyClock::now();
    thread_.request_stop();
    thread_.join();
    return ms_between(start, SteadyClock::now());
  }
  std::size_t frames() {
    const std::lock_guard lock(mutex_);
    return frames_.size();
  }
  std::vector<Picture> pictures() {
    const std::lock_guard lock(mutex_);
    return frames_;
  }
  std::vector<LinkEvent> events() {
    const std::lock_guard lock(mutex_);
    return events_;
  }
  std::vector<std::uint64_t> unit_seqs() {
    const std::lock_guard lock(mutex_);
    return unit_seqs_;
  }
  ReceiverStats stats() const { return receiver_.stats(); }
  std::uint64_t drops(const std::string& reason) const {
    for (const auto& [name, count] : stats().drops) {
      if (name == reason) return count;
    }
    ADD_FAILURE() << "no drop reason " << reason;
    return 0;
  }

 private:
  void on_frame(const Frame& frame) {
    EXPECT_GE(frame.decoded, frame.received);
    const std::lock_guard lock(mutex_);
    frames_.push_back(
        {picture_number(frame.luma()), frame.epoch, frame.seq, frame.t_s, frame.size()});
    changed_.notify_all();
  }
  void on_event(const LinkEvent& event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(event);
    changed_.notify_all();
  }
  void on_unit(const LiveAccessUnit& unit) {
    const std::lock_guard lock(mutex_);
    unit_seqs_.push_back(unit.seq);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Picture> frames_;
  std::vector<LinkEvent> events_;
  std::vector<std::uint64_t> unit_seqs_;
  Receiver receiver_;
  std::jthread thread_;
};

std::vector<int> numbers(const std::vector<Watched::Picture>& pictures) {
  std::vector<int> out;
  for (const auto& picture : pictures) out.push_back(picture.number.value_or(-1));
  return out;
}

std::vector<int> range(int from, int to) {
  std::vector<int> out;
  for (int i = from; i < to; ++i) out.push_back(i);
  return out;
}

TEST(Receiver, GivesEveryPictureOfAStreamInRandomPieces) {
  for (const auto delimiters : {test::Delimiters::before, test::Delimiters::behind}) {
    test::StreamOptions options;
    options.slices = 3;
    options.delimiters = delimiters;
    auto units = test::make_access_units(40, options);
    if (delimiters == test::Delimiters::before) units.push_back({0, 0, 0, 1, 9, 0xf0});
    const Bytes stream = join(units);
    FakeCamera camera([&](FakeCamera::Client& client, int) {
      client.send_in_pieces(stream, 700, 9);
      client.hold();
    });
    ReceiverConfig config = config_for(camera.url());
    config.quiet_flush_ms = 0;
    Watched watched(config);
    ASSERT_TRUE(watched.wait_for_frames(40));
    const auto pictures = watched.pictures();
    EXPECT_EQ(numbers(pictures), range(0, 40));
    for (std::size_t i = 0; i < pictures.size(); ++i) {
      EXPECT_EQ(pictures[i].epoch, 1U);
      EXPECT_EQ(pictures[i].seq, i + 1);
      EXPECT_EQ(pictures[i].size, cv::Size(320, 192));
      if (i > 0) {
        EXPECT_GE(pictures[i].t_s, pictures[i - 1].t_s);
      }
    }
    EXPECT_EQ(pictures[0].t_s, 0);
    watched.stop_ms();
    const ReceiverStats stats = watched.stats();
    EXPECT_EQ(stats.connections, 1U);
    EXPECT_EQ(stats.access_units, 40U);
    EXPECT_EQ(stats.frames, 40U);
    EXPECT_EQ(stats.bytes, stream.size());
    for (const auto& [reason, count] : stats.drops) EXPECT_EQ(count, 0U) << reason;
    EXPECT_EQ(watched.unit_seqs().size(), 40U);
  }
}

// With the delimiter behind it a picture is decoded before anything else has been sent.
TEST(Receiver, DoesNotWaitForTheNextPicture) {
  const auto units = test::make_access_units(10, {});
  std::atomic<std::size_t> seen = 0;
  std::atomic<bool> in_time = true;
  Watched* watched = nullptr;
  std::atomic<bool> set = false;
  FakeCamera camera([&](FakeCamera::Client& client, int) {
    client.wait([&] { return set.load(); });
    for (std::size_t i = 0; i < units.size(); ++i) {
      client.send(units[i]);
      if (!client.wait([&] { return watched->frames() > i; })) in_time = false;
      ++seen;
    }
    client.hold();
  });
  ReceiverConfig config = config_for(camera.url());
  config.quiet_flush_ms = 0;
  Watched w(config);
  watched = &w;
  set = true;
  ASSERT_TRUE(w.wait_for_frames(10));
  EXPECT_TRUE(in_time);
  EXPECT_EQ(numbers(w.pictures()), range(0, 10));
}

// Without one, a silence ends the picture, once three have been watched.
TEST(Receiver, ASilenceEndsThePictureOfACameraWithoutDelimiters) {
  test::StreamOptions options;
  options.delimiters = test::Delimiters::none;
  options.gop = 100;
  const auto units = test::make_access_units(12, options);
  Watched* watched = nullptr;
  std::atomic<bool> set = false;
  FakeCamera camera([&](FakeCamera::Client& client, int) {
    client.wait([&] { return set.load(); });
    for (std::size_t i = 0; i < units.size(); ++i) {
      client.send(units[i]);
      if (i < 4)
        client.pause_ms(60);
      else
        client.wait([&] { return watched->frames() > i; });
    }
    client.hold();
  });
  ReceiverConfig config = config_for(camera.url());
  config.quiet_flush_ms = 20;
  Watched w(config);
  watched = &w;
  set = true;
  ASSERT_TRUE(w.wait_for_frames(12)) << "the last one has nothing behind it";
  EXPECT_EQ(numbers(w.pictures()), range(0, 12));
}

TEST(Receiver, ACameraThatIsNotThereYetIsNoError) {
  const std::uint16_t port = test::unused_port();
  Watched watched(config_for("tcp://127.0.0.1:" + std::to_string(port)));
  ASSERT_TRUE(watched.wait([&] { return watched.stats().failed_attempts >= 3; }));
  const auto before = watched.events();
  ASSERT_EQ(before.size(), 2U) << "told once, not at each attempt";
  EXPECT_EQ(before[0].kind, Kind::connecting);
  EXPECT_EQ(before[0].text, "");
  EXPECT_EQ(before[1].kind, Kind::connecting);
  EXPECT_THAT(before[1].text, ::testing::HasSubstr("refused"));
  const Bytes stream = test::make_h264(5);
  FakeCamera camera(
      [&](FakeCamera::Client& client, int) {
        client.send(stream);
        client.hold();
      },
      port);
  EXPECT_TRUE(watched.wait_for_frames(5));
  EXPECT_TRUE(watched.wait_for_event(Kind::connected));
}

TEST(Receiver, ComesBackAfterEveryKindOfEnd) {
  const Bytes stream = test::make_h264(6);
  FakeCamera camera([&](FakeCamera::Client& client, int connection) {
    client.send(stream);
    if (connection == 0) return;          // closed in good order
    if (connection == 1) client.reset();  // reset
    if (connection <= 2) {                // in the middle of a picture
      client.send(std::span(stream).first(stream.size() - 100));
      return;
    }
    client.hold();
  });
  Watched watched(config_for(camera.url()));
  ASSERT_TRUE(watched.wait_for_event(Kind::connected, 4));
  ASSERT_TRUE(watched.wait_for_event(Kind::lost, 3));
  watched.stop_ms();
  std::uint64_t seq = 0;
  std::uint32_t epoch = 0;
  double t_s = -1;
  for (const auto& picture : watched.pictures()) {
    EXPECT_TRUE(picture.number) << "a broken picture was shown";
    EXPECT_GT(picture.seq, seq);
    EXPECT_GE(picture.epoch, epoch);
    EXPECT_GE(picture.t_s, t_s);
    seq = picture.seq;
    epoch = picture.epoch;
    t_s = picture.t_s;
  }
  EXPECT_EQ(watched.stats().connections, 4U);
}

TEST(Receiver, ASilentCameraIsLeft) {
  const Bytes stream = test::make_h264(3);
  FakeCamera camera([&](FakeCamera::Client& client, int) {
    client.send(stream);
    client.hold();
  });
  ReceiverConfig config = config_for(camera.url());
  config.read_timeout_ms = 150;
  Watched watched(config);
  ASSERT_TRUE(watched.wait_for_event(Kind::lost, 2));
  for (const auto& event : watched.events()) {
    if (event.kind == Kind::lost) {
      EXPECT_THAT(event.text, ::testing::HasSubstr("nothing came"));
    }
  }
  EXPECT_GE(watched.frames(), 3U);
}

TEST(Receiver, ACameraThatSendsNoPicturesIsLeft) {
  FakeCamera camera([&](FakeCamera::Client& client, int) {
    std::mt19937 random(10);
    Bytes garbage(1000);
    for (auto& byte : garbage) byte = static_cast<std::uint8_t>(random() % 4);
    while (client.send(garbage)) client.pause_ms(5);
  });
  ReceiverConfig config = config_for(camera.url());
  config.picture_timeout_ms = 500;
  Watched watched(config);
  ASSERT_TRUE(watched.wait_for_event(Kind::lost));
  EXPECT_THAT(watched.events().back().text, ::testing::HasSubstr("no picture"));
  EXPECT_EQ(watched.frames(), 0U);
}

TEST(Receiver, FaultsInTheStreamAreSkippedToTheNextIdrAndCounted) {
  auto units = test::make_access_units(50, {});
  units.erase(units.begin(), units.begin() + 3);   // joined at picture 3
  units[20 - 3].resize(units[20 - 3].size() / 2);  // an IDR cut short
  units.erase(units.begin() + (34 - 3));           // a picture lost
  Bytes garbage(500);
  std::mt19937 random(11);
  for (auto& byte : garbage) byte = static_cast<std::uint8_t>(2 + random() % 250);
  units.insert(units.begin() + (5 - 3), garbage);
  const Bytes stream = join(units);
  FakeCamera camera([&](FakeCamera::Client& client, int) {
    client.send_in_pieces(stream, 1400, 12);
    client.hold();
  });
  ReceiverConfig config = config_for(camera.url());
  config.quiet_flush_ms = 0;
  Watched watched(config);
  auto expected = range(10, 20);
  for (const int n : range(30, 34)) expected.push_back(n);
  for (const int n : range(40, 50)) expected.push_back(n);
  ASSERT_TRUE(watched.wait_for_frames(expected.size()));
  EXPECT_EQ(numbers(watched.pictures()), expected);
  watched.stop_ms();
  const ReceiverStats stats = watched.stats();
  EXPECT_EQ(watched.drops("corrupt"), 1U);
  EXPECT_EQ(watched.drops("missing_reference"), 1U);
  EXPECT_EQ(watched.drops("waiting_for_keyframe"), 7U + 9U + 4U);
  std::uint64_t lost = 0;
  for (const auto& [reason, count] : stats.drops) lost += count;
  EXPECT_EQ(stats.access_units, stats.frames + lost);
}

// A link that pauses in the middle of pictures: whatever is cut, nothing broken is shown.
TEST(Receiver, ATricklingLinkShowsNoBrokenPicture) {
  test::StreamOptions options;
  options.delimiters = test::Delimiters::none;
  options.slices = 3;
  options.noise = 40;
  const auto units = test::make_access_units(60, options);
  FakeCamera camera([&](FakeCamera::Client& client, int) {
    std::mt19937 random(13);
    for (std::size_t i = 0; i < units.size(); ++i) {
      if (i < 10 || random() % 4 != 0) {
        client.send(units[i]);
      } else {
        const std::size_t cut = random() % units[i].size();
        client.send(std::span(units[i]).first(cut));
        client.pause_ms(8);
        client.send(std::span(units[i]).subspan(cut));
      }
      client.pause_ms(4);
    }
    // Ends the last picture in any case.
    client.send(Bytes{0, 0, 0, 1, 9, 0xf0});
    client.hold();
  });
  Watched watched(config_for(camera.url()));
  ASSERT_TRUE(watched.wait([&] { return watched.stats().access_units >= 60; }));
  watched.stop_ms();
  int newest = -1;
  for (const auto& picture : watched.pictures()) {
    ASSERT_TRUE(picture.number) << "a broken picture was shown";
    EXPECT_GT(*picture.number, newest);
    newest = *picture.number;
  }
  EXPECT_GT(watched.frames(), 10U);
}

TEST(Receiver, BitErrorsNeverStopIt) {
  FakeCamera camera([&](FakeCamera::Client& client, int connection) {
    Bytes stream = test::make_h264(30);
    std::mt19937 random(static_cast<unsigned>(connection));
    for (std::size_t i = 0; i < stream.size() / 200; ++i)
      stream[random() % stream.size()] ^= static_cast<std::uint8_t>(1U << random() % 8);
    client.send_in_pieces(stream, 900, 14);
    const Bytes good = test::make_h264(5);
    client.send(good);
  });
  Watched watched(config_for(camera.url()));
  ASSERT_TRUE(watched.wait_for_event(Kind::lost, 8));
  EXPECT_GE(watched.frames(), 8U * 4) << "the good pictures at the end of each connection";
}

TEST(Receiver, SizeChangesInTheStream) {
  test::StreamOptions larger;
  larger.width = 640;
  larger.height = 360;
  larger.first_number = 5;
  const Bytes stream = join({test::make_h264(5), test::make_h264(5, larger)});
  FakeCamera camera([&](FakeCamera::Client& client, int) {
    client.send(stream);
    client.hold();
  });
  Watched watched(config_for(camera.url()));
  ASSERT_TRUE(watched.wait_for_frames(10));
  EXPECT_EQ(numbers(watched.pictures()), range(0, 10));
  EXPECT_EQ(watched.pictures()[9].size, cv::Size(640, 360));
}

TEST(Receiver, StopEndsItInAnyState) {
  constexpr double kSoon_ms = 2000;  // of a machine under load; usually below one millisecond
  {
    Watched backing_off([] {
      ReceiverConfig config = config_for("tcp://127.0.0.1:" + std::to_string(test::unused_port()));
      config.backoff_min_ms = config.backoff_max_ms = 60'000;
      return config;
    }());
    ASSERT_TRUE(backing_off.wait_for_event(Kind::connecting, 2));
    EXPECT_LT(backing_off.stop_ms(), kSoon_ms);
  }
  {
    FakeCamera silent([](FakeCamera::Client& client, int) { client.hold(); });
    ReceiverConfig config = config_for(silent.url());
    config.read_timeout_ms = 60'000;
    Watched reading(config);
    ASSERT_TRUE(reading.wait_for_event(Kind::connected));
    EXPECT_LT(reading.stop_ms(), kSoon_ms);
  }
  {
    // TEST-NET-1 (RFC 5737): nobody answers, or no way there.
    ReceiverConfig config = config_for("tcp://192.0.2.1:5000");
    config.connect_timeout_ms = 60'000;
    Watched connecting(config);
    EXPECT_LT(connecting.stop_ms(), kSoon_ms);
  }
  {
    ReceiverConfig config = config_for("tcp://no-such-camera.invalid:5000");
    config.connect_timeout_ms = 60'000;
    Watched looking_up(config);
    EXPECT_LT(looking_up.stop_ms(), kSoon_ms);
  }
  {
    FakeCamera silent([](FakeCamera::Client& client, int) { client.hold(); });
    ReceiverConfig config =
        config_for("http://127.0.0.1:" + std::to_string(silent.port()) + "/stream");
    config.connect_timeout_ms = 60'000;
    Watched opening(config);
    EXPECT_LT(opening.stop_ms(), kSoon_ms);
  }
}

TEST(Receiver, WhatACallbackThrowsLeavesRun) {
  const Bytes stream = test::make_h264(3);
  FakeCamera camera([&](FakeCamera::Client& client, int) {
    client.send(stream);
    client.hold();
  });
  Receiver receiver(config_for(camera.url()),
                    [](const FramePtr&) { throw std::runtime_error("analysis is broken"); }, {});
  std::stop_source stop;
  EXPECT_THROW(receiver.run(stop.get_token()), std::runtime_error);
}

TEST(Receiver, OtherUrlsGoThroughLibavformat) {
  test::StreamOptions options;
  options.delimiters = test::Delimiters::none;
  options.gop = 5;
  const Bytes stream = test::make_h264(60, options);
  FakeCamera server([&](FakeCamera::Client& client, int) {
    const std::string head = "HTTP/1.0 200 OK\r\nContent-Type: video/h264\r\n\r\n";
    client.send(Bytes(head.begin(), head.end()));
    client.send(stream);
  });
  Watched watched(config_for("http://127.0.0.1:" + std::to_string(server.port()) + "/a.h264"));
  ASSERT_TRUE(watched.wait_for_frames(50));
  ASSERT_TRUE(watched.wait_for_event(Kind::lost));
  int newest = -1;
  for (const auto& picture : watched.pictures()) {
    if (picture.epoch != 1) break;
    ASSERT_TRUE(picture.number);
    EXPECT_GT(*picture.number, newest);
    newest = *picture.number;
  }
}

TEST(Receiver, ARecordingIsPlayedInItsOwnTimeAndLooped) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("receiver-test-" + std::to_string(test::unused_port()) + ".h264");
  const Bytes stream = test::make_h264(6);
  {
    std::ofstream out(path, std::ios::binary);
    for (const auto byte : stream) out.put(static_cast<char>(byte));
  }
  ReceiverConfig config = config_for(path.string());
  config.file_fps = 60;
  Watched watched(config);
  ASSERT_TRUE(watched.wait_for_frames(15));
  watched.stop_ms();
  std::filesystem::remove(path);
  const auto pictures = watched.pictures();
  EXPECT_GE(pictures[14].epoch, 3U);
  EXPECT_GE(pictures[5].t_s - pictures[0].t_s, 4.9 / 60);
  for (std::size_t i = 0; i < 15; ++i) EXPECT_EQ(pictures[i].number, static_cast<int>(i % 6));
}

}  // namespace
}  // namespace rearview

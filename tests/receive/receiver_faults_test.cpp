#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <new>
#include <random>
#include <string>
#include <vector>

#include "tests/receive/watched_receiver.h"
#include "tests/support/fake_camera.h"
#include "tests/support/test_stream.h"

namespace rearview::test {
namespace {

TEST(Receiver, ACameraThatIsNotThereYetIsNoError) {
  const std::uint16_t port = unused_port();
  Watched watched(config_for("tcp://127.0.0.1:" + std::to_string(port)));
  ASSERT_TRUE(watched.wait([&] { return watched.stats().failed_attempts >= 3; }));
  const auto before = watched.events();
  ASSERT_EQ(before.size(), 2U) << "told once, not at each attempt";
  EXPECT_EQ(before[0].kind, Kind::connecting);
  EXPECT_EQ(before[0].text, "");
  EXPECT_EQ(before[1].kind, Kind::connecting);
  EXPECT_THAT(before[1].text, ::testing::HasSubstr("refused"));
  const Bytes stream = make_h264(5);
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
  const Bytes stream = make_h264(6);
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
  watched.stop();
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

TEST(Receiver, WhatItsCallsThrowEndsTheConnectionIsToldAndItGoesOnWhenCalledAgain) {
  const Bytes stream = make_h264(6);
  FakeCamera camera([&](FakeCamera::Client& client, int) {
    client.send(stream);
    client.hold();
  });
  std::vector<LinkEvent> events;
  std::uint64_t frames = 0;
  std::stop_source stop;
  Receiver receiver(
      config_for(camera.url()),
      [&](const FramePtr&) {
        if (++frames == 2) throw std::bad_alloc();
        if (frames == 5) stop.request_stop();
      },
      [&](const LinkEvent& event) { events.push_back(event); });
  EXPECT_THROW(receiver.run(stop.get_token()), std::bad_alloc);
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].kind, Kind::connecting);
  EXPECT_EQ(events[1].kind, Kind::connected);
  EXPECT_EQ(events[2].kind, Kind::lost);
  EXPECT_EQ(events[2].text, "std::bad_alloc");
  receiver.run(stop.get_token());
  ASSERT_EQ(events.size(), 4U);
  EXPECT_EQ(events[3].kind, Kind::connected);
  EXPECT_EQ(events[3].epoch, 2U);
  EXPECT_EQ(receiver.stats().connections, 2U);
}

TEST(Receiver, ASilentCameraIsLeft) {
  const Bytes stream = make_h264(3);
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
  auto units = make_access_units(50, {});
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
  watched.stop();
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
  StreamOptions options;
  options.delimiters = Delimiters::none;
  options.slices = 3;
  options.noise = 40;
  const auto units = make_access_units(60, options);
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
  watched.stop();
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
    Bytes stream = make_h264(30);
    std::mt19937 random(static_cast<unsigned>(connection));
    for (std::size_t i = 0; i < stream.size() / 200; ++i)
      stream[random() % stream.size()] ^= static_cast<std::uint8_t>(1U << random() % 8);
    client.send_in_pieces(stream, 900, 14);
    const Bytes good = make_h264(5);
    client.send(good);
  });
  Watched watched(config_for(camera.url()));
  ASSERT_TRUE(watched.wait_for_event(Kind::lost, 8));
  EXPECT_GE(watched.frames(), 8U * 4) << "the good pictures at the end of each connection";
}

}  // namespace
}  // namespace rearview::test

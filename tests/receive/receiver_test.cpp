#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "base/temporary_folder.h"
#include "receive/decoder.h"
#include "tests/receive/watched_receiver.h"
#include "tests/support/fake_camera.h"
#include "tests/support/test_stream.h"

namespace rearview::test {
namespace {

TEST(Receiver, GivesEveryPictureOfAStreamInRandomPieces) {
  for (const auto delimiters : {Delimiters::before, Delimiters::behind}) {
    StreamOptions options;
    options.slices = 3;
    options.delimiters = delimiters;
    auto units = make_access_units(40, options);
    if (delimiters == Delimiters::before) units.push_back({0, 0, 0, 1, 9, 0xf0});
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
    watched.stop();
    const ReceiverStats stats = watched.stats();
    EXPECT_EQ(stats.connections, 1U);
    EXPECT_EQ(stats.access_units, 40U);
    EXPECT_EQ(stats.frames, 40U);
    EXPECT_EQ(stats.bytes, stream.size());
    for (const auto& [reason, count] : stats.drops) EXPECT_EQ(count, 0U) << reason;
    EXPECT_EQ(watched.units().size(), 40U);
  }
}

// With the delimiter behind it a picture is decoded before anything else has been sent.
TEST(Receiver, DoesNotWaitForTheNextPicture) {
  const auto units = make_access_units(10, {});
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
  StreamOptions options;
  options.delimiters = Delimiters::none;
  options.gop = 100;
  const auto units = make_access_units(12, options);
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

TEST(Receiver, SizeChangesInTheStream) {
  StreamOptions larger;
  larger.width = 640;
  larger.height = 360;
  larger.first_number = 5;
  const Bytes stream = join({make_h264(5), make_h264(5, larger)});
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
  // Each would wait for a minute: soon is what is much less, on any machine.
  const auto stops_soon = [](Watched& watched) {
    const SteadyTime before = SteadyClock::now();
    watched.stop();
    return seconds_between(before, SteadyClock::now()) < 30;
  };
  {
    Watched backing_off([] {
      ReceiverConfig config = config_for("tcp://127.0.0.1:" + std::to_string(unused_port()));
      config.backoff_min_ms = config.backoff_max_ms = 60'000;
      return config;
    }());
    ASSERT_TRUE(backing_off.wait_for_event(Kind::connecting, 2));
    EXPECT_TRUE(stops_soon(backing_off));
  }
  {
    FakeCamera silent([](FakeCamera::Client& client, int) { client.hold(); });
    ReceiverConfig config = config_for(silent.url());
    config.read_timeout_ms = 60'000;
    Watched reading(config);
    ASSERT_TRUE(reading.wait_for_event(Kind::connected));
    EXPECT_TRUE(stops_soon(reading));
  }
  {
    // TEST-NET-1 (RFC 5737): nobody answers, or no way there.
    ReceiverConfig config = config_for("tcp://192.0.2.1:5000");
    config.connect_timeout_ms = 60'000;
    Watched connecting(config);
    EXPECT_TRUE(stops_soon(connecting));
  }
  {
    ReceiverConfig config = config_for("tcp://no-such-camera.invalid:5000");
    config.connect_timeout_ms = 60'000;
    Watched looking_up(config);
    EXPECT_TRUE(stops_soon(looking_up));
  }
  {
    FakeCamera silent([](FakeCamera::Client& client, int) { client.hold(); });
    ReceiverConfig config =
        config_for("http://127.0.0.1:" + std::to_string(silent.port()) + "/stream");
    config.connect_timeout_ms = 60'000;
    Watched opening(config);
    EXPECT_TRUE(stops_soon(opening));
  }
}

TEST(Receiver, WhatACallbackThrowsLeavesRun) {
  const Bytes stream = make_h264(3);
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
  StreamOptions options;
  options.delimiters = Delimiters::none;
  options.gop = 5;
  const Bytes stream = make_h264(60, options);
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
  const TemporaryFolder folder;
  const auto path = folder / "recording.h264";
  const Bytes stream = make_h264(6);
  {
    std::ofstream out(path, std::ios::binary);
    for (const auto byte : stream) out.put(static_cast<char>(byte));
  }
  ReceiverConfig config = config_for(path.string());
  config.file_fps = 60;
  Watched watched(config);
  ASSERT_TRUE(watched.wait_for_frames(15));
  watched.stop();
  const auto pictures = watched.pictures();
  const auto units = watched.units();
  ASSERT_EQ(units.size(), pictures.size());
  for (std::size_t i = 0; i < 15; ++i) {
    const std::size_t first = i - i % 6;  // of its time round
    EXPECT_EQ(pictures[i].number, static_cast<int>(i - first));
    EXPECT_EQ(pictures[i].epoch, 1 + i / 6);
    EXPECT_NEAR(pictures[i].t_s - pictures[first].t_s, static_cast<double>(i - first) / 60, 1e-6);
    EXPECT_NEAR(seconds_between(units[first].received, units[i].received),
                static_cast<double>(i - first) / 60, 1e-6);
    EXPECT_GE(pictures[i].received, units[i].received) << "none comes before its time";
    if (i > 0) {
      EXPECT_GT(pictures[i].t_s, pictures[i - 1].t_s);
    }
  }
}

// With B-frames as well: the n-th picture shown has number and time of the n-th access unit.
TEST(Receiver, ReorderedPicturesHaveTheNumbersAndTimesOfTheirPlaces) {
  StreamOptions options;
  options.b_frames = 2;
  const auto units = make_access_units(30, options);
  FakeCamera camera([&](FakeCamera::Client& client, int) {
    for (const auto& unit : units) {
      client.send(unit);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));  // each has a time of its own
    }
    client.hold();
  });
  Watched watched(config_for(camera.url()));
  ASSERT_TRUE(watched.wait_for_frames(24));
  watched.stop();
  const auto pictures = watched.pictures();
  const auto sent = watched.units();
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    EXPECT_EQ(pictures[i].number, static_cast<int>(i));
    EXPECT_EQ(pictures[i].seq, sent[i].seq);
    // Time begins when the first picture is out.
    if (i >= 5) {
      EXPECT_DOUBLE_EQ(pictures[i].t_s, sent[i].t_s);
    }
  }
}

TEST(Receiver, ARecordingGivesItsAccessUnitsWithTheNumbersOfItsPictures) {
  for (const std::string ending : {"mp4", "mkv", "h264"}) {
    SCOPED_TRACE(ending);
    const TemporaryFolder folder;
    const auto path = folder / ("recording." + ending);
    StreamOptions options;
    options.b_frames = 2;
    options.fps = 100;
    if (ending == "h264") {
      const Bytes stream = make_h264(25, options);
      std::ofstream(path, std::ios::binary)
          .write(reinterpret_cast<const char*>(stream.data()),
                 static_cast<std::streamsize>(stream.size()));
    } else {
      write_recording(path.string(), "libx264", 25, options);
    }
    ReceiverConfig config = config_for(path.string());
    config.file_fps = options.fps;
    Watched watched(config);
    ASSERT_TRUE(watched.wait_for_frames(60));
    watched.stop();
    const auto pictures = watched.pictures();
    const auto units = watched.units();
    ASSERT_GE(units.size(), 60U);
    std::vector<std::pair<std::uint64_t, int>> shown;
    std::optional<Decoder> decoder;
    const Decoder::Sink sink = [&](const Decoder::Picture& picture) {
      shown.emplace_back(picture.place, picture_number(picture.planes.y).value_or(-1));
    };
    for (std::size_t i = 0; i < units.size(); ++i) {
      if (i == 0 || units[i].epoch != units[i - 1].epoch) {
        EXPECT_TRUE(units[i].idr && units[i].has_parameter_sets);
        if (decoder) decoder->finish(sink);
        decoder.emplace(1);  // nothing but these is needed
      } else {
        EXPECT_NEAR(seconds_between(units[i - 1].received, units[i].received), 0.01, 0.0015);
      }
      decoder->decode(units[i].bytes, static_cast<std::int64_t>(units[i].seq), sink);
    }
    for (std::size_t i = 0; i < std::min(shown.size(), pictures.size()); ++i) {
      EXPECT_EQ(shown[i].first, pictures[i].seq);
      EXPECT_EQ(shown[i].second, pictures[i].number);
      EXPECT_EQ(units[i].seq, pictures[i].seq);
      EXPECT_DOUBLE_EQ(units[i].t_s, pictures[i].t_s);
    }
    EXPECT_GE(shown.size(), 55U);
  }
}

TEST(Receiver, ARecordingThatIsNotH264GivesNone) {
  const TemporaryFolder folder;
  const auto path = folder / "recording.mkv";
  StreamOptions options;
  options.fps = 100;
  write_recording(path.string(), "mpeg4", 10, options);
  Watched watched(config_for(path.string()));
  EXPECT_TRUE(watched.wait_for_frames(12));
  watched.stop();
  EXPECT_TRUE(watched.units().empty());
}

}  // namespace
}  // namespace rearview::test

#include "camera/stream/stream_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <fstream>
#include <new>
#include <string>

#include "base/error.h"
#include "tests/camera/fake_pictures.h"
#include "tests/camera/stream_reader.h"
#include "tests/support/eventually.h"

namespace rearview::camera {
namespace {

using test::eventually;
using test::FakePictures;
using test::StreamReader;
using testing::HasSubstr;

StreamConfig loopback() {
  StreamConfig config;
  config.listen = {"127.0.0.1", 0};
  return config;
}

std::vector<std::uint8_t> joined(const std::vector<CodedPicturePtr>& pictures, std::size_t from) {
  std::vector<std::uint8_t> all;
  for (std::size_t i = from; i < pictures.size(); ++i)
    all.insert(all.end(), pictures[i]->bytes.begin(), pictures[i]->bytes.end());
  return all;
}

bool waits_for(const StreamServer& server, std::size_t clients) {
  return eventually([&] { return server.client_count() == clients; });
}

TEST(StreamServer, AJoiningClientGetsTheCachedGopAtOnceWhenTheSourceMakesIdrsAsItLikes) {
  StreamServer server(loopback(), {});
  FakePictures pictures(60);
  std::vector<CodedPicturePtr> published;
  for (int i = 0; i < 50; ++i) server.publish(published.emplace_back(pictures.next()));

  StreamReader reader(server.listening());
  const auto expected = joined(published, 0);
  reader.read_to(expected.size());
  EXPECT_EQ(reader.bytes(), expected);
}

TEST(StreamServer, AFreshIdrServesWithoutAskingForAnother) {
  std::atomic<int> asked{0};
  StreamServer server(loopback(), {[&] { return ++asked > 0; }, 0.5});
  FakePictures pictures(60);
  std::vector<CodedPicturePtr> published;
  for (int i = 0; i < 10; ++i) server.publish(published.emplace_back(pictures.next()));  // 0.3 s

  StreamReader reader(server.listening());
  const auto expected = joined(published, 0);
  reader.read_to(expected.size());
  EXPECT_EQ(reader.bytes(), expected);
  EXPECT_EQ(asked, 0);
}

TEST(StreamServer, AnOldIdrMakesItAskForANewOneAndBeginWithThat) {
  std::atomic<int> asked{0};
  StreamServer server(loopback(), {[&] { return ++asked > 0; }, 0.5});
  FakePictures pictures(60);
  for (int i = 0; i < 40; ++i) server.publish(pictures.next());  // 1.3 s behind the IDR

  StreamReader reader(server.listening());
  ASSERT_TRUE(eventually([&] { return asked == 1; }));
  server.publish(pictures.next());
  const auto idr = pictures.next(true);
  server.publish(idr);
  reader.read_to(idr->bytes.size());
  EXPECT_EQ(reader.bytes(), idr->bytes);
}

TEST(StreamServer, PicturesOfASourceThatIsSilentAreNotSentAsLive) {
  StreamServer server(loopback(), {});
  FakePictures old(60, 4000, SteadyClock::now() - std::chrono::seconds(10));
  for (int i = 0; i < 50; ++i) server.publish(old.next());

  StreamReader reader(server.listening());
  ASSERT_TRUE(waits_for(server, 1));
  FakePictures again(60);
  const auto idr = again.next();
  server.publish(idr);
  reader.read_to(idr->bytes.size());
  EXPECT_EQ(reader.bytes(), idr->bytes);
}

TEST(StreamServer, ClientsThatJoinAtAnyTimeGetTheSameBytesFromTheirIdrOn) {
  StreamConfig config = loopback();
  config.max_backlog_ms = 10000;  // nobody is slow here, though the pictures come all at once
  StreamServer server(config, {});
  FakePictures pictures(10);
  std::vector<CodedPicturePtr> published;
  std::deque<StreamReader> readers;
  std::vector<std::size_t> first;
  for (std::size_t i = 0; i < 200; ++i) {
    server.publish(published.emplace_back(pictures.next()));
    if (i % 7 != 3 || readers.size() == 25) continue;
    readers.emplace_back(server.listening());
    ASSERT_TRUE(waits_for(server, readers.size()));
    first.push_back(i / 10 * 10);
    // Everybody keeps up: this is about who gets what.
    for (StreamReader& reader : readers) reader.read_available();
  }
  for (std::size_t i = 0; i < readers.size(); ++i) {
    const auto expected = joined(published, first[i]);
    readers[i].read_to(expected.size());
    EXPECT_EQ(readers[i].bytes(), expected) << "client " << i;
  }
  EXPECT_EQ(server.stats().skipped, 0U);
}

// Large pictures, so that they can't all hide in the kernel's buffers.
constexpr std::size_t kLarge = 100'000;

TEST(StreamServer, AStuckClientDelaysNobodyAndIsDropped) {
  StreamConfig config = loopback();
  config.send_buffer_kb = 16;
  config.stuck_timeout_ms = 300;
  StreamServer server(config, {});
  StreamReader stuck(server.listening(), 4096);
  StreamReader healthy(server.listening());
  ASSERT_TRUE(waits_for(server, 2));

  FakePictures pictures(30, kLarge);
  std::size_t sent = 0;
  int count = 0;
  const auto publish_and_read = [&] {
    const auto picture = pictures.next();
    server.publish(picture);
    sent += picture->bytes.size();
    ++count;
    healthy.read_to(sent);  // arrives whatever the other does
  };
  for (int i = 0; i < 100; ++i) publish_and_read();
  ASSERT_TRUE(eventually([&] {
    publish_and_read();
    return server.stats().dropped_stuck == 1;
  }));
  ASSERT_TRUE(waits_for(server, 1));

  const auto seen = FakePictures::read(healthy.bytes());
  ASSERT_EQ(seen.size(), static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) EXPECT_EQ(seen[static_cast<std::size_t>(i)].number, i);
  EXPECT_EQ(server.stats().clients.at(0).skipped, 0U);
}

TEST(StreamServer, ASlowClientIsMovedOnToAnIdrBetweenWholePictures) {
  StreamConfig config = loopback();
  config.send_buffer_kb = 16;
  config.stuck_timeout_ms = 60000;
  StreamServer server(config, {});
  // Less than a packet of the loopback would leave it to timers of TCP when it goes on.
  StreamReader slow(server.listening(), 131072);
  ASSERT_TRUE(waits_for(server, 1));

  FakePictures pictures(30, kLarge);
  // Three times it sleeps through three GOPs, then reads what it has been sent.
  for (int round = 0; round < 3; ++round) {
    const auto before = server.stats().clients.at(0).moved_on;
    for (int i = 0; i < 100; ++i) server.publish(pictures.next());
    ASSERT_TRUE(eventually([&] {
      slow.read_available();
      server.publish(pictures.next());
      return server.stats().clients.at(0).moved_on > before;
    }));
  }
  ASSERT_TRUE(eventually([&] {
    slow.read_available();
    server.publish(pictures.next());
    return FakePictures::read(slow.bytes()).size() > 30;
  }));

  const auto seen = FakePictures::read(slow.bytes());
  ASSERT_TRUE(seen.front().idr);
  int jumps = 0;
  for (std::size_t i = 1; i < seen.size(); ++i) {
    if (seen[i].number == seen[i - 1].number + 1) continue;
    ++jumps;
    EXPECT_GT(seen[i].number, seen[i - 1].number);
    EXPECT_TRUE(seen[i].idr) << "picture " << seen[i].number << " after a gap";
  }
  EXPECT_GE(jumps, 1);
  EXPECT_GT(server.stats().skipped, 0U);
}

TEST(StreamServer, AClientMayCloseItsSendingSide) {
  StreamServer server(loopback(), {});
  StreamReader reader(server.listening());
  ASSERT_TRUE(waits_for(server, 1));
  reader.close_sending_side();
  FakePictures pictures(10);
  std::size_t sent = 0;
  for (int i = 0; i < 20; ++i) {
    const auto picture = pictures.next();
    server.publish(picture);
    sent += picture->bytes.size();
    reader.read_to(sent);
  }
  EXPECT_EQ(server.client_count(), 1U);
}

TEST(StreamServer, AClientThatTalksTooMuchIsDropped) {
  StreamServer server(loopback(), {});
  StreamReader reader(server.listening());
  ASSERT_TRUE(waits_for(server, 1));
  const std::string chatter(16384, 'x');
  ASSERT_TRUE(eventually([&] {
    reader.send(chatter);
    return server.stats().dropped_noisy == 1;
  }));
  EXPECT_EQ(server.client_count(), 0U);
}

TEST(StreamServer, AClientThatLeavesIsForgotten) {
  StreamServer server(loopback(), {});
  {
    StreamReader reader(server.listening());
    ASSERT_TRUE(waits_for(server, 1));
  }
  FakePictures pictures(10);
  EXPECT_TRUE(eventually([&] {
    server.publish(pictures.next());
    return server.client_count() == 0;
  }));
}

TEST(StreamServer, MoreClientsThanAllowedAreRefused) {
  StreamConfig config = loopback();
  config.max_clients = 2;
  StreamServer server(config, {});
  StreamReader one(server.listening());
  StreamReader two(server.listening());
  ASSERT_TRUE(waits_for(server, 2));
  StreamReader three(server.listening());
  three.read_to_end();
  EXPECT_TRUE(three.bytes().empty());
  EXPECT_EQ(server.stats().refused, 1U);
  EXPECT_EQ(server.client_count(), 2U);
}

TEST(StreamServer, OneAddressCantShutOthersOut) {
  StreamConfig config = loopback();
  config.max_clients = 3;
  StreamServer server(config, {});
  std::deque<StreamReader> crowd;
  for (std::size_t i = 1; i <= 3; ++i) {
    crowd.emplace_back(server.listening());
    ASSERT_TRUE(waits_for(server, i));
  }
  EXPECT_TRUE(server.full());
  StreamReader other(server.listening(), 0, "127.0.0.2");
  crowd[2].read_to_end();  // the newest
  ASSERT_TRUE(waits_for(server, 3));

  // It holds one less now, and that is no reason to drive the other out.
  StreamReader again(server.listening());
  again.read_to_end();
  FakePictures pictures(10);
  const auto idr = pictures.next();
  server.publish(idr);
  for (StreamReader* reader : {&crowd[0], &crowd[1], &other}) {
    reader->read_to(idr->bytes.size());
    EXPECT_EQ(reader->bytes(), idr->bytes);
  }
  EXPECT_EQ(server.stats().displaced, 1U);
  EXPECT_EQ(server.stats().refused, 1U);
}

TEST(StreamServer, WhoTakesNothingGivesWayToANewcomer) {
  StreamConfig config = loopback();
  config.max_clients = 2;
  config.send_buffer_kb = 16;
  config.stuck_timeout_ms = 600'000;
  StreamServer server(config, {});
  StreamReader stuck(server.listening(), 4096, "127.0.0.2");
  ASSERT_TRUE(waits_for(server, 1));
  StreamReader healthy(server.listening(), 0, "127.0.0.3");
  ASSERT_TRUE(waits_for(server, 2));
  FakePictures pictures(30, kLarge);
  std::size_t sent = 0;
  // Until then newcomers are refused: nobody holds more than one.
  ASSERT_TRUE(eventually([&] {
    const auto picture = pictures.next();
    server.publish(picture);
    sent += picture->bytes.size();
    healthy.read_to(sent);
    const StreamReader newcomer(server.listening(), 0, "127.0.0.4");
    return server.stats().displaced == 1;
  }));
  EXPECT_TRUE(healthy.read_available());
}

TEST(StreamServer, WhatServingOneThrowsEndsThatOneAlone) {
  std::atomic<bool> breaks = false;
  StreamServer server(loopback(), {[&]() -> bool {
                                     if (breaks) throw std::bad_alloc();
                                     return false;
                                   },
                                   0.5});
  StreamReader healthy(server.listening());
  ASSERT_TRUE(waits_for(server, 1));
  breaks = true;
  StreamReader unlucky(server.listening());
  unlucky.read_to_end();
  breaks = false;
  EXPECT_EQ(server.stats().failed, 1U);
  StreamReader next(server.listening());
  ASSERT_TRUE(waits_for(server, 2));
  FakePictures pictures(10);
  const auto idr = pictures.next();
  server.publish(idr);
  for (StreamReader* reader : {&healthy, &next}) {
    reader->read_to(idr->bytes.size());
    EXPECT_EQ(reader->bytes(), idr->bytes);
  }
}

TEST(StreamServer, AnAddressInUseIsSaid) {
  const StreamServer first(loopback(), {});
  StreamConfig config;
  config.listen = first.listening();
  try {
    const StreamServer second(config, {});
    FAIL() << "two servers on one port";
  } catch (const UsageError& e) {
    EXPECT_THAT(e.what(), HasSubstr(first.listening().text()));
    EXPECT_THAT(e.what(), HasSubstr("in use"));
  }
}

TEST(StreamServer, TheDelayFromEncoderToKernelIsMeasured) {
  StreamServer server(loopback(), {});
  StreamReader reader(server.listening());
  ASSERT_TRUE(waits_for(server, 1));
  FakePictures pictures(10);
  server.publish(pictures.next());
  EXPECT_TRUE(eventually([&] { return server.stats().delay_p95_ms > 0; }));
}

}  // namespace
}  // namespace rearview::camera

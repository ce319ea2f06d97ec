#include "receive/receiver_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "receive/stream_url.h"

namespace rearview {
namespace {

TEST(ReceiverConfig, ReadsStrictly) {
  const auto read = [](const char* text) {
    ReceiverConfig config;
    const auto json = nlohmann::json::parse(text);
    ConfigReader reader(json, "test.json");
    read_settings(reader, config);
    reader.finish();
    return config;
  };
  EXPECT_EQ(read("{}").url, ReceiverConfig().url);
  const auto config =
      read(R"({"url":"tcp://[::1]:5000","quiet_flush_ms":2.5,"decoder_threads":2})");
  EXPECT_EQ(config.url, "tcp://[::1]:5000");
  EXPECT_EQ(config.quiet_flush_ms, 2.5);
  EXPECT_THROW(read(R"({"url":"tcp://camera"})"), UsageError);
  EXPECT_THROW(read(R"({"url":"tcp://camera:0"})"), UsageError);
  EXPECT_THROW(read(R"({"url":""})"), UsageError);
  EXPECT_THROW(read(R"({"decoder_threads":0})"), UsageError);
  EXPECT_THROW(read(R"({"backoff_min_ms":500,"backoff_max_ms":100})"), UsageError);
  EXPECT_THROW(read(R"({"no_such_key":1})"), UsageError);
}

TEST(StreamUrl, WhatIsNeitherAnAddressNorAFileIsRefusedWithWhatWouldBeRight) {
  for (const char* url :
       {"192.168.1.20:5000", "camera.local:rtsp", "[::1]:5000", "tcp/h264://camera:5000",
        "h264://camera", "concat:a|b", "TCP://h:1", "lavfi://x", "cache:http://host/x"}) {
    EXPECT_THAT(url_problem(url), ::testing::HasSubstr("tcp://HOST:PORT")) << url;
  }
  EXPECT_NE(url_problem("tcp://camera"), "");
  EXPECT_NE(url_problem("file:"), "");
  for (const char* url :
       {"tcp://camera.local:5000", "rtsp://user:pw@camera/stream", "https://host/a.mp4",
        "udp://0.0.0.0:5000", "rides/2024-11-14T22:57:44.mp4", "clip.h264", "/dev/stdin",
        "file:clip.h264", "file:///rides/clip.mp4"}) {
    EXPECT_EQ(url_problem(url), "") << url;
  }
}

TEST(StreamUrl, AHostThatCantBeIsRefusedWithoutASecret) {
  for (const auto& [url, what] : {
           std::pair{"http://", "names no host"},
           {"http:///a.mp4", "names no host"},
           {"rtsp://secret@/live", "names no host"},
           {"rtsp://:554/live", "names no host"},
           {"http://[]/a", "names no host"},
           {"http://h:abc/", "no number from 1 to 65535"},
           {"http://h:/", "no number from 1 to 65535"},
           {"rtsp://h:0/x", "no number from 1 to 65535"},
           {"rtsp://u:secret@h:99999/x", "no number from 1 to 65535"},
           {"rtsp://::1/x", "no number from 1 to 65535"},
           {"tcp:// h:5000", "a blank"},
           {"http://a b/", "a blank"},
           {"http://[::1/a", "isn't closed"},
           {"http://[::1]a/", "behind the bracket"},
       }) {
    EXPECT_THAT(url_problem(url), ::testing::HasSubstr(what)) << url;
    EXPECT_THAT(url_problem(url), ::testing::Not(::testing::HasSubstr("secret"))) << url;
  }
  for (const char* url :
       {"http://h", "http://h?x=:y", "rtsp://u:p:@q@h:554/live", "rtsp://[fe80::1]:554/a b",
        "https://[::1]/a", "tcp://[::1]:5000", "udp://:5000", "udp://@:5000",
        "udp://@239.0.0.1:5000", "srt://:9000?mode=listener"})
    EXPECT_EQ(url_problem(url), "") << url;
}

TEST(StreamUrl, TellsWhatAUrlIs) {
  EXPECT_EQ(tcp_address("tcp://camera.local:5000"), (Endpoint{"camera.local", 5000}));
  EXPECT_EQ(tcp_address("tcp://camera.local:5000/"), (Endpoint{"camera.local", 5000}));
  EXPECT_FALSE(tcp_address("rtsp://camera/stream"));
  EXPECT_TRUE(is_file("clip.h264"));
  EXPECT_TRUE(is_file("file:clip.h264"));
  EXPECT_FALSE(is_file("http://host/clip.h264"));
}

}  // namespace
}  // namespace rearview

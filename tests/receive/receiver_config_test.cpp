#include "receive/receiver_config.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "receive/stream_url.h"

namespace rearview {
namespace {

TEST(ReceiverConfig, ReadsStrictly) {
  const auto read = [](const char* text) {
    ReceiverConfig config;
    const auto json = nlohmann::json::parse(text);
    ConfigReader reader(json, "test.json");
    config.read(reader);
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

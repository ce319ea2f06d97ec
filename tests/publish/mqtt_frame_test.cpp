#include "publish/mqtt_frame.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace rearview {
namespace {

using Kind = MqttFrame::Kind;

MqttFrame alert() {
  return {.kind = Kind::publish,
          .flag = true,
          .number = 7,
          .message = {.topic = "rearview/alert",
                      .payload = std::string("a\0b", 3),
                      .qos = 2,
                      .retain = true,
                      .expires_s = 5}};
}

TEST(MqttFrame, ComesBackWholeHoweverItIsCut) {
  const std::string bytes = encode(alert()) + encode({.kind = Kind::alive});
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    MqttFrameReader reader(100);
    reader.append(std::string_view(bytes).substr(0, cut));
    std::optional<MqttFrame> first = reader.next();
    reader.append(std::string_view(bytes).substr(cut));
    if (!first) first = reader.next();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->kind, Kind::publish);
    EXPECT_TRUE(first->flag);
    EXPECT_EQ(first->number, 7);
    EXPECT_EQ(first->message.topic, "rearview/alert");
    EXPECT_EQ(first->message.payload, std::string("a\0b", 3));
    EXPECT_EQ(first->message.qos, 2);
    EXPECT_TRUE(first->message.retain);
    EXPECT_EQ(first->message.expires_s, 5);
    const auto second = reader.next();
    ASSERT_TRUE(second);
    EXPECT_EQ(second->kind, Kind::alive);
    EXPECT_FALSE(reader.next());
  }
}

TEST(MqttFrame, WhatIsNoneOrTooLongEndsTheStream) {
  const std::string good = encode(alert());
  // The lengths (bytes 0 to 7), the kind and what follows it, set to the most there is.
  for (const std::size_t at : {3U, 7U, 16U, 17U, 18U, 19U}) {
    std::string bad = good;
    bad[at] = '\xff';
    MqttFrameReader reader(1000);
    reader.append(bad);
    EXPECT_THROW(reader.next(), std::runtime_error) << at;
  }
  MqttFrameReader small(good.size() / 4);
  small.append(good);
  EXPECT_THROW(small.next(), std::runtime_error);
}

}  // namespace
}  // namespace rearview

#include "base/endpoint.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace rearview {
namespace {

TEST(Endpoint, ReadsNamesAndBothKindsOfAddress) {
  EXPECT_EQ(parse_endpoint("localhost:8080"), (Endpoint{"localhost", 8080}));
  EXPECT_EQ(parse_endpoint("127.0.0.1:0"), (Endpoint{"127.0.0.1", 0}));
  EXPECT_EQ(parse_endpoint("[::1]:65535"), (Endpoint{"::1", 65535}));
}

TEST(Endpoint, WritesWhatItReads) {
  for (const char* text : {"localhost:8080", "[::1]:5000"})
    EXPECT_EQ(parse_endpoint(text).text(), text);
}

TEST(Endpoint, RefusesAnythingElse) {
  for (const char* bad : {"", "8080", ":8080", "host:", "host:65536", "host:-1", "host:80x",
                          "::1:80", "[::1]", "[]:80"})
    EXPECT_THROW(parse_endpoint(bad), UsageError) << bad;
}

TEST(Endpoint, SaysWhatWouldBeRight) {
  try {
    parse_endpoint("8080");
    FAIL();
  } catch (const UsageError& e) {
    EXPECT_STREQ(e.what(), "\"8080\" is not HOST:PORT with a port from 0 to 65535");
  }
}

}  // namespace
}  // namespace rearview

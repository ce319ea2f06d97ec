#include "base/host_port.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace rearview {
namespace {

TEST(HostPort, ReadsNamesAndBothKindsOfAddress) {
  EXPECT_EQ(parse_host_port("localhost:8080", "--http").host, "localhost");
  EXPECT_EQ(parse_host_port("127.0.0.1:0", "--http").port, 0);
  EXPECT_EQ(parse_host_port("[::1]:65535", "--http").host, "::1");
  EXPECT_EQ(parse_host_port("[::1]:65535", "--http").port, 65535);
}

TEST(HostPort, RefusesAnythingElse) {
  for (const char* bad : {"", "8080", ":8080", "host:", "host:65536", "host:-1", "host:80x",
                          "::1:80", "a b:80", "http://host:80", "[::1]", "[]:80"})
    EXPECT_THROW(parse_host_port(bad, "--http"), UsageError) << bad;
}

TEST(HostPort, SaysWhatWouldBeRight) {
  try {
    parse_host_port("8080", "--http");
    FAIL();
  } catch (const UsageError& e) {
    EXPECT_STREQ(e.what(),
                 "--http: \"8080\" is not HOST:PORT, for example 127.0.0.1:8080 or [::1]:8080");
  }
}

}  // namespace
}  // namespace rearview

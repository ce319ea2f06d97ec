#include "http/host_check.h"

#include <gtest/gtest.h>

namespace rearview::http {
namespace {

TEST(HostCheck, AcceptsNamesThatCannotBeRebound) {
  const HostCheck check({"bike.example"});
  for (const char* good :
       {"localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:8080", "192.168.9.1:80", "[::1]",
        "[::1]:8080", "rearview.local", "rearview.local.:8000", "x.localhost", "bike.example:1"})
    EXPECT_TRUE(check.accepts(good)) << good;
}

TEST(HostCheck, RefusesForeignNames) {
  const HostCheck check({});
  for (const char* bad : {"", "evil.example", "evil.example:8080", "127.0.0.1.evil.example",
                          "local", ".local", "evillocal", "[::1", "[evil]", "notlocalhost"})
    EXPECT_FALSE(check.accepts(bad)) << bad;
}

TEST(HostCheck, StarAcceptsEverything) {
  EXPECT_TRUE(HostCheck({"*"}).accepts("evil.example"));
}

TEST(HttpsAddress, KeepsHostPortAndTarget) {
  EXPECT_EQ(https_address("board.local:8080", "/a?b=c"), "https://board.local:8080/a?b=c");
  EXPECT_EQ(https_address("[fd00::2]:8080", "/"), "https://[fd00::2]:8080/");
  EXPECT_EQ(https_address("192.0.2.7", "/x"), "https://192.0.2.7:80/x");
  EXPECT_EQ(https_address("board.local:8080", "http://board.local:8080/x?y"),
            "https://board.local:8080/x?y");
  EXPECT_EQ(https_address("board.local:8080", "http://board.local"), "https://board.local:8080/");
  EXPECT_EQ(https_address("board.local:8080", "http://board.local?y"),
            "https://board.local:8080/?y");
  EXPECT_EQ(https_address("board.local:8080", "*"), "https://board.local:8080/");
}

TEST(HttpsAddress, NeverLeadsElsewhere) {
  EXPECT_EQ(https_address("board.local:8080", "//evil.example/"),
            "https://board.local:8080//evil.example/");
  EXPECT_EQ(https_address("board.local:8080", "http://evil.example/x"),
            "https://board.local:8080/x");
  for (const char* host :
       {"", ":80", "board.local:80@evil.example", "board.local@evil.example:80",
        "board.local:", "board.local:123456", "board.local:8x", "[evil.example]:80", "[::1", "[]",
        "board/..", "evil.example\\", "board.local:80/x", "a b"})
    EXPECT_EQ(https_address(host, "/"), std::nullopt) << host;
}

}  // namespace
}  // namespace rearview::http

#include "http/host_check.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>

#include "tests/http/raw_client.h"

namespace rearview::http {
namespace {

std::string own_name() {
  std::array<char, 256> name{};
  EXPECT_EQ(gethostname(name.data(), name.size() - 1), 0);
  return name.data();
}

TEST(HostCheck, AcceptsWhatIsThisMachine) {
  HostCheck check("127.0.0.1", {"bike.example", "203.0.113.7", "rearview.local"});
  for (const char* good : {"localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:8080",
                           "127.0.0.53", "[::1]", "[::1]:8080", "[0:0::1]", "x.localhost",
                           "bike.example:1", "203.0.113.7:8080", "rearview.local.:8000"})
    EXPECT_TRUE(check.accepts(good)) << good;
  const std::string name = own_name();
  EXPECT_TRUE(check.accepts(name));
  EXPECT_TRUE(check.accepts(name.substr(0, name.find('.')) + ".local:8080"));
}

TEST(HostCheck, AcceptsTheAddressesOfTheInterfaces) {
  HostCheck check("0.0.0.0", {});
  for (const std::string& address : test::addresses_of_this_machine())
    EXPECT_TRUE(check.accepts(address + ":8000")) << address;
}

TEST(HostCheck, AcceptsTheNameItListensOn) {
  EXPECT_TRUE(HostCheck("board.example", {}).accepts("board.example:8080"));
}

TEST(HostCheck, RefusesForeignNamesAndAddresses) {
  HostCheck check("0.0.0.0", {});
  for (const char* bad : {"",
                          "evil.example",
                          "evil.example:8080",
                          "127.0.0.1.evil.example",
                          "local",
                          ".local",
                          "evillocal",
                          "rearview.local",
                          "[::1",
                          "[evil]",
                          "[127.0.0.1",
                          "notlocalhost",
                          "192.0.2.1",
                          "198.51.100.7:8080",
                          "[2001:db8::1]",
                          "0.0.0.0",
                          "0",
                          "[::]",
                          "2130706433",
                          "0x7f000001",
                          "127.1"})
    EXPECT_FALSE(check.accepts(bad)) << bad;
}

TEST(HostCheck, StarAcceptsEverything) {
  EXPECT_TRUE(HostCheck("0.0.0.0", {"*"}).accepts("evil.example"));
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

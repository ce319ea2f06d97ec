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

}  // namespace
}  // namespace rearview::http

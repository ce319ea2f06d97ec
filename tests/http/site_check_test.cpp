#include "http/site_check.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace rearview::http {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

const std::string kChrome =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 "
    "Safari/537.36";

bool passes(Headers headers, const std::vector<std::string>& origins = {}) {
  Request request;
  request.headers = std::move(headers);
  request.headers.emplace_back("Host", "velovision-rearview.local:8000");
  return !other_site(request, origins);
}

TEST(SiteCheck, AppsAndToolsPass) {
  EXPECT_TRUE(passes({}));
  for (const char* agent :
       {"curl/7.88.1", "Wget/1.21.3", "python-requests/2.31.0", "Python-urllib/3.11",
        "okhttp/4.12.0", "Dart/3.2 (dart:io)", "Velovision/1 CFNetwork/1410.0.3 Darwin/22.6.0",
        "Dalvik/2.1.0 (Linux; U; Android 13; Pixel 7 Build/TQ3A)", "Java/17.0.9"})
    EXPECT_TRUE(passes({{"User-Agent", agent}, {"Accept", "*/*"}})) << agent;
  EXPECT_TRUE(passes({{"User-Agent", "Java/1.8.0_392"},
                      {"Accept", "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"}}));
  EXPECT_TRUE(passes({{"User-Agent", "Velovision/1 CFNetwork/1410.0.3 Darwin/22.6.0"},
                      {"Accept-Language", "en-GB,en;q=0.9"},
                      {"Accept-Encoding", "gzip, deflate"}}));
}

TEST(SiteCheck, OurOwnPagePasses) {
  EXPECT_TRUE(
      passes({{"User-Agent", kChrome}, {"Origin", "http://velovision-rearview.local:8000"}}));
  EXPECT_TRUE(passes(
      {{"User-Agent", kChrome}, {"Referer", "http://Velovision-Rearview.local:8000/page?x"}}));
  EXPECT_TRUE(passes({{"User-Agent", kChrome}, {"Sec-Fetch-Site", "same-origin"}}));
  EXPECT_TRUE(passes({{"User-Agent", kChrome}, {"Sec-Fetch-Site", "none"}}));
}

TEST(SiteCheck, NamedOriginsPass) {
  const Headers headers = {{"User-Agent", kChrome}, {"Origin", "https://home.example"}};
  EXPECT_FALSE(passes(headers));
  EXPECT_TRUE(passes(headers, {"https://home.example"}));
  EXPECT_TRUE(passes(headers, {"*"}));
}

TEST(SiteCheck, OtherSitesDoNot) {
  for (const char* origin :
       {"http://evil.example", "null", "", "http://velovision-rearview.local",
        "http://velovision-rearview.local:9000",
        "http://velovision-rearview.local:8000.evil.example",
        "http://evil.example/http://velovision-rearview.local:8000", "file://"})
    EXPECT_FALSE(passes({{"Origin", origin}})) << origin;
  for (const char* referer :
       {"http://evil.example/", "http://velovision-rearview.local:9000/",
        "http://evil.example/?http://velovision-rearview.local:8000/", "about:blank", ""})
    EXPECT_FALSE(passes({{"Referer", referer}})) << referer;
  for (const char* site : {"cross-site", "same-site", ""})
    EXPECT_FALSE(passes({{"Sec-Fetch-Site", site}})) << site;
}

TEST(SiteCheck, ABrowserThatSaysNothingDoesNot) {
  EXPECT_FALSE(passes({{"User-Agent", kChrome}}));
  EXPECT_FALSE(passes({{"User-Agent", kChrome}, {"Accept", "*/*"}}));
  EXPECT_FALSE(passes({{"Accept", "image/avif,image/webp,image/apng,*/*;q=0.8"}}));
  EXPECT_FALSE(
      passes({{"Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}}));
  EXPECT_FALSE(passes({{"Upgrade-Insecure-Requests", "1"}}));
  EXPECT_FALSE(passes({{"Sec-Fetch-Mode", "no-cors"}}));
  EXPECT_FALSE(passes({{"sec-ch-ua", "\"Chromium\";v=\"120\""}}));
  EXPECT_FALSE(passes({{"Sec-GPC", "1"}}));
}

}  // namespace
}  // namespace rearview::http

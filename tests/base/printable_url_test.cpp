#include "base/printable_url.h"

#include <gtest/gtest.h>

namespace rearview {
namespace {

TEST(PrintableUrl, HidesUserPasswordAndQueryOnly) {
  const std::pair<const char*, const char*> cases[]{
      {"tcp://camera.local:5000", "tcp://camera.local:5000"},
      {"rtsp://user:pass@host/stream", "rtsp://***@host/stream"},
      {"rtsp://user:p@ss@host:554/a@b", "rtsp://***@host:554/a@b"},
      {"rtsp://user@host?x=y@z", "rtsp://***@host?***"},
      {"rtsp://host/live?token=abc", "rtsp://host/live?***"},
      {"https://host/live#token", "https://host/live#***"},
      {"https://host/live?", "https://host/live?"},
      {"https://host?a=1#b", "https://host?***"},
      {"http://host/a@b", "http://host/a@b"},
      {"rtsp://user:pass@", "rtsp://***@"},
      {"clip.h264", "clip.h264"},
      {"", ""},
  };
  for (const auto& [url, shown] : cases) EXPECT_EQ(printable_url(url), shown) << url;
}

}  // namespace
}  // namespace rearview

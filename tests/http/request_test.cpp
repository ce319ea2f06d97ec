#include "http/request.h"

#include <gmock/gmock.h>

namespace rearview::http {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(PercentDecode, DecodesEscapesAndKeepsTheRest) {
  EXPECT_EQ(percent_decode("a%20b%2Fc", false), "a b/c");
  EXPECT_EQ(percent_decode("a+b", false), "a+b");
  EXPECT_EQ(percent_decode("a+b", true), "a b");
  EXPECT_EQ(percent_decode("%c3%BC", false), "\xc3\xbc");
}

TEST(PercentDecode, RefusesBadEscapesAndNul) {
  for (const char* bad : {"%", "%2", "a%2", "%zz", "%0g", "%00", "a%00b"})
    EXPECT_EQ(percent_decode(bad, false), std::nullopt) << bad;
}

TEST(ParseTarget, SplitsPathAndQuery) {
  Request request;
  ASSERT_TRUE(parse_target("/api/a%20b?after=3&camera=rear+one&flag&&x=%26", request));
  EXPECT_EQ(request.path, "/api/a b");
  EXPECT_EQ(request.query_text, "after=3&camera=rear+one&flag&&x=%26");
  EXPECT_THAT(request.query, ElementsAre(Pair("after", "3"), Pair("camera", "rear one"),
                                         Pair("flag", ""), Pair("x", "&")));
  EXPECT_EQ(request.query_value("after"), "3");
  EXPECT_EQ(request.query_value("none"), std::nullopt);
}

TEST(ParseTarget, TakesAbsoluteForm) {
  Request request;
  ASSERT_TRUE(parse_target("http://localhost:8080/x?y=1", request));
  EXPECT_EQ(request.path, "/x");
  Request bare;
  ASSERT_TRUE(parse_target("http://localhost", bare));
  EXPECT_EQ(bare.path, "/");
}

TEST(ParseTarget, RefusesWhatItCannotDecode) {
  for (const char* bad : {"", "x", "/a%", "/a?b=%q", "/a#b", "/%00"}) {
    Request request;
    EXPECT_FALSE(parse_target(bad, request)) << bad;
  }
}

TEST(Request, FindsHeadersInAnyCase) {
  Request request;
  request.headers = {{"Last-Event-ID", "7"}, {"X", "1"}};
  EXPECT_EQ(request.header("last-event-id"), "7");
  EXPECT_EQ(request.header("y"), std::nullopt);
}

}  // namespace
}  // namespace rearview::http

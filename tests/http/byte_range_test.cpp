#include "http/byte_range.h"

#include <gtest/gtest.h>

namespace rearview::http {
namespace {

using Kind = RangeAnswer::Kind;

struct Case {
  const char* header;
  std::uint64_t size;
  Kind kind;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

TEST(ByteRange, AnswersAsRfc9110Says) {
  for (const Case& c : {
           Case{"bytes=0-0", 10, Kind::part, 0, 0},
           Case{"bytes=0-", 10, Kind::part, 0, 9},
           Case{"Bytes=2-5", 10, Kind::part, 2, 5},
           Case{"bytes=5-100", 10, Kind::part, 5, 9},
           Case{"bytes=-3", 10, Kind::part, 7, 9},
           Case{"bytes=-30", 10, Kind::part, 0, 9},
           Case{"bytes=9-", 10, Kind::part, 9, 9},
           Case{"bytes=10-", 10, Kind::unsatisfiable},
           Case{"bytes=-0", 10, Kind::unsatisfiable},
           Case{"bytes=0-", 0, Kind::unsatisfiable},
           Case{"bytes=-1", 0, Kind::unsatisfiable},
           Case{"bytes=5-2", 10, Kind::whole},
           Case{"bytes=0-1,3-4", 10, Kind::whole},
           Case{"bytes=a-b", 10, Kind::whole},
           Case{"bytes=-", 10, Kind::whole},
           Case{"bytes=1", 10, Kind::whole},
           Case{"lines=1-2", 10, Kind::whole},
           Case{"bytes=99999999999999999999999-", 10, Kind::whole},
           Case{"", 10, Kind::whole},
       }) {
    const RangeAnswer answer = parse_range(c.header, c.size);
    EXPECT_EQ(answer.kind, c.kind) << c.header;
    if (c.kind != Kind::part) continue;
    EXPECT_EQ(answer.range.first, c.first) << c.header;
    EXPECT_EQ(answer.range.last, c.last) << c.header;
  }
}

}  // namespace
}  // namespace rearview::http

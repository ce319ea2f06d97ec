#include "store/clip_ring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rearview {
namespace {

using testing::ElementsAre;

/// Pictures of 100 bytes, ten a second, an IDR picture each second.
LiveAccessUnitPtr unit(std::uint64_t seq, std::uint32_t epoch = 1, std::size_t bytes = 100) {
  auto made = std::make_shared<LiveAccessUnit>();
  made->bytes.resize(bytes);
  made->idr = made->has_parameter_sets = seq % 10 == 0;
  made->epoch = epoch;
  made->seq = seq;
  made->t_s = static_cast<double>(seq) / 10;
  return made;
}

AnalysisPtr analysis(std::uint64_t seq) {
  Analysis made;
  made.seq = seq;
  return std::make_shared<const Analysis>(made);
}

std::pair<std::uint64_t, std::uint64_t> ends(const Footage& footage) {
  return {footage.units.front()->seq, footage.units.back()->seq};
}

TEST(ClipRing, KeepsTheTimeAskedForFromAnIdrPictureOn) {
  ClipRing ring(2, 1 << 20);
  for (std::uint64_t seq = 3; seq <= 57; ++seq) ring.push(unit(seq));
  const Footage all = ring.cut(1, 0, 100);
  EXPECT_EQ(ends(all), std::pair(30ul, 57ul)) << "2 s before the newest lie behind picture 30";
  EXPECT_EQ(all.bytes, 2800u);
  EXPECT_EQ(ring.bytes(), 2800u);
}

TEST(ClipRing, NeverHoldsMoreBytesThanAskedEvenWithoutIdrPictures) {
  ClipRing ring(1000, 2500);
  for (std::uint64_t seq = 0; seq <= 39; ++seq) {
    ring.push(unit(seq));
    EXPECT_LE(ring.bytes(), 2500u);
  }
  EXPECT_EQ(ends(ring.cut(1, 0, 100)), std::pair(20ul, 39ul));
  ring.push(unit(41, 1, 5000));
  EXPECT_TRUE(ring.cut(1, 0, 100).units.empty());
  ring.push(unit(42));
  EXPECT_EQ(ring.bytes(), 0u) << "can't be decoded";
  ring.push(unit(50));
  EXPECT_EQ(ends(ring.cut(1, 0, 100)), std::pair(50ul, 50ul));
}

TEST(ClipRing, CutsFromTheIdrPictureInFrontAndOneConnectionOnly) {
  ClipRing ring(100, 1 << 20);
  for (std::uint64_t seq = 0; seq <= 29; ++seq) ring.push(unit(seq, 1));
  for (std::uint64_t seq = 30; seq <= 59; ++seq) ring.push(unit(seq, 2));
  EXPECT_EQ(ends(ring.cut(1, 1.5, 2.5)), std::pair(10ul, 25ul));
  EXPECT_EQ(ends(ring.cut(1, 2.5, 9)), std::pair(20ul, 29ul));
  EXPECT_EQ(ends(ring.cut(2, 0, 4.5)), std::pair(30ul, 45ul)) << "nothing earlier is there";
  EXPECT_TRUE(ring.cut(3, 0, 9).units.empty());
}

TEST(ClipRing, GivesEachPictureItsAnalysisOnce) {
  ClipRing ring(100, 1 << 20);
  ring.push(analysis(1));
  for (std::uint64_t seq = 10; seq <= 29; ++seq) {
    ring.push(unit(seq));
    if (seq % 2) ring.push(analysis(seq));
    ring.push(analysis(25));  // told again while nothing came
  }
  std::vector<std::uint64_t> seqs;
  for (const AnalysisPtr& one : ring.cut(1, 2, 2.5).analyses) seqs.push_back(one->seq);
  EXPECT_THAT(seqs, ElementsAre(25));
}

}  // namespace
}  // namespace rearview

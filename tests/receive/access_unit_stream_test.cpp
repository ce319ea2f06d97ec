#include "receive/access_unit_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/support/test_stream.h"

namespace rearview {
namespace {

using Bytes = std::vector<std::uint8_t>;
using std::chrono::microseconds;
using std::chrono::milliseconds;

// A stream and its clock: pieces come when the test says, and silences are noticed as the receiver
// would notice them.
struct Line {
  explicit Line(double quiet_ms) : stream(quiet_ms) {}

  void send(std::span<const std::uint8_t> bytes) { stream.push(bytes, now, sink()); }
  void wait(milliseconds time) {
    if (const auto quiet = stream.quiet_wait(); quiet && *quiet <= time) stream.quiet(sink());
    now += time;
  }
  AccessUnitStream::Sink sink() {
    return [this](TimedAccessUnit timed) {
      delays_ms.push_back(ms_between(timed.received, now));
      units.push_back(std::move(timed));
    };
  }

  AccessUnitStream stream;
  SteadyTime now = SteadyTime{} + std::chrono::hours(1);
  std::vector<TimedAccessUnit> units;
  std::vector<double> delays_ms;
};

std::vector<Bytes> units_with(test::Delimiters delimiters, int count, int slices = 1) {
  test::StreamOptions options;
  options.delimiters = delimiters;
  options.slices = slices;
  options.noise = 30;
  options.gop = 1000;
  return test::make_access_units(count, options);
}

TEST(AccessUnitStream, ADelimiterBehindEndsThePictureAtOnce) {
  Line line(1);
  std::size_t sent = 0;
  for (const auto& unit : units_with(test::Delimiters::behind, 10)) {
    line.send(unit);
    EXPECT_EQ(line.units.size(), ++sent);
    line.wait(milliseconds(33));
  }
  for (const double delay : line.delays_ms) EXPECT_LT(delay, 1);
  EXPECT_FALSE(line.stream.quiet_wait());
}

TEST(AccessUnitStream, TheDelimiterSentLongBeforeIsNotTheFirstByte) {
  Line line(1);
  const auto units = units_with(test::Delimiters::behind, 3);
  line.send(units[0]);
  line.wait(milliseconds(33));
  const SteadyTime sent = line.now;
  line.send(std::span(units[1]).first(20));
  line.wait(milliseconds(2));
  line.send(std::span(units[1]).subspan(20));
  ASSERT_EQ(line.units.size(), 2U);
  EXPECT_EQ(line.units[1].received, sent);
}

TEST(AccessUnitStream, WithoutDelimitersASilenceEndsThePictureOnceItIsTrusted) {
  for (const auto delimiters : {test::Delimiters::none, test::Delimiters::before}) {
    for (const int slices : {1, 3}) {
      Line line(1);
      for (const auto& unit : units_with(delimiters, 20, slices)) {
        line.send(unit);
        line.wait(milliseconds(33));
      }
      line.stream.end(line.sink());
      ASSERT_EQ(line.units.size(), 20U);
      int late = 0;
      for (const double delay : line.delays_ms) late += delay >= 33 ? 1 : 0;
      EXPECT_EQ(late, 3) << "three silences watched, then used";
      EXPECT_EQ(line.stream.cut(), 0U);
      for (const auto& unit : line.units) EXPECT_FALSE(unit.after_loss);
    }
  }
}

TEST(AccessUnitStream, NoSilenceIsUsedWhenSwitchedOff) {
  Line line(0);
  for (const auto& unit : units_with(test::Delimiters::none, 20)) {
    line.send(unit);
    EXPECT_FALSE(line.stream.quiet_wait());
    line.wait(milliseconds(33));
  }
  EXPECT_EQ(line.units.size(), 19U);
}

TEST(AccessUnitStream, ALinkThatTricklesEarnsNoTrust) {
  Line line(1);
  for (const auto& unit : units_with(test::Delimiters::none, 30)) {
    for (std::size_t at = 0; at < unit.size(); at += 300) {
      line.send(std::span(unit).subspan(at, std::min<std::size_t>(300, unit.size() - at)));
      line.wait(milliseconds(5));
    }
  }
  line.stream.end(line.sink());
  EXPECT_EQ(line.units.size(), 30U);
  EXPECT_EQ(line.stream.cut(), 0U);
}

TEST(AccessUnitStream, ACutPictureIsNoticedAndSilencesAreTrustedLess) {
  for (const int slices : {1, 3}) {
    Line line(1);
    const auto units = units_with(test::Delimiters::none, 40, slices);
    std::size_t at = 0;
    for (; at < 10; ++at) {
      line.send(units[at]);
      line.wait(milliseconds(33));
    }
    ASSERT_TRUE(line.units.size() == 10);
    // The network pauses in the middle of a picture.
    const auto& victim = units[at++];
    line.send(std::span(victim).first(victim.size() / 2));
    line.wait(milliseconds(8));
    EXPECT_EQ(line.units.size(), 11U) << "cut, and not known yet";
    line.send(std::span(victim).subspan(victim.size() / 2));
    line.wait(milliseconds(25));
    EXPECT_EQ(line.stream.cut(), 1U);
    EXPECT_FALSE(line.stream.quiet_wait()) << "trust is gone";
    const std::size_t before = line.units.size();
    for (int i = 0; i < 3; ++i) {
      line.send(units[at++]);
      EXPECT_FALSE(line.stream.quiet_wait()) << "more is asked for than the first time";
      line.wait(milliseconds(33));
    }
    ASSERT_GT(line.units.size(), before);
    EXPECT_TRUE(line.units[11].after_loss) << "what follows the cut picture must say so";
    for (int i = 0; i < 8; ++i) {
      line.send(units[at++]);
      line.wait(milliseconds(33));
    }
    line.send(units[at++]);
    ASSERT_TRUE(line.stream.quiet_wait()) << "but it can be earned again";
    EXPECT_GT(*line.stream.quiet_wait(), milliseconds(1)) << "with a longer silence";
  }
}

// A larger picture comes in more pieces, with a busy machine's pauses between them: cut apart it
// would cost all pictures up to the next IDR.
TEST(AccessUnitStream, WhereTheSizeChangesNoSilenceIsTrusted) {
  Line line(1);
  for (const auto& unit : units_with(test::Delimiters::none, 10)) {
    line.send(unit);
    line.wait(milliseconds(33));
  }
  ASSERT_EQ(line.units.size(), 10U);
  test::StreamOptions larger;
  larger.delimiters = test::Delimiters::none;
  larger.width = 640;
  larger.height = 384;
  larger.noise = 30;
  for (const auto& unit : test::make_access_units(10, larger)) {
    for (std::size_t at = 0; at < unit.size(); at += 1400) {
      line.send(std::span(unit).subspan(at, std::min<std::size_t>(1400, unit.size() - at)));
      line.wait(milliseconds(2));
    }
  }
  line.stream.end(line.sink());
  EXPECT_EQ(line.stream.cut(), 0U);
  EXPECT_EQ(line.units.size(), 20U);
}

TEST(AccessUnitStream, ASlowLinkNeverCutsWhereDelimitersStandBehind) {
  Line line(1);
  const auto units = units_with(test::Delimiters::behind, 40);
  for (std::size_t i = 0; i < units.size(); ++i) {
    const std::size_t half = i > 8 ? units[i].size() / 2 : units[i].size();
    line.send(std::span(units[i]).first(half));
    line.wait(milliseconds(10));
    line.send(std::span(units[i]).subspan(half));
    line.wait(milliseconds(23));
  }
  EXPECT_EQ(line.units.size(), 40U);
  EXPECT_EQ(line.stream.cut(), 0U);
}

TEST(AccessUnitStream, AnOversizedNalUnitMarksTheLossBehindIt) {
  Line line(1);
  const auto units = units_with(test::Delimiters::behind, 4);
  line.send(units[0]);
  Bytes huge = {0, 0, 0, 1, 0x41, 0x9a};
  huge.insert(huge.end(), std::size_t{5} << 20, 0x77);
  line.send(huge);
  line.send(units[1]);
  line.send(units[2]);
  ASSERT_GE(line.units.size(), 2U);
  EXPECT_EQ(line.stream.oversized_nal_units(), 1U);
  EXPECT_TRUE(line.units[1].after_loss);
}

TEST(AccessUnitStream, RandomPiecesAndPausesGiveTheSameAccessUnits) {
  std::mt19937 random(8);
  for (int round = 0; round < 50; ++round) {
    const auto units = units_with(
        round % 2 == 0 ? test::Delimiters::behind : test::Delimiters::none, 8, 1 + round % 3);
    Bytes all;
    for (const auto& unit : units) all.insert(all.end(), unit.begin(), unit.end());
    Line line(0);
    for (std::size_t at = 0; at < all.size();) {
      const std::size_t size = std::min<std::size_t>(all.size() - at, 1 + random() % 700);
      line.send(std::span(all).subspan(at, size));
      if (random() % 3 == 0) line.wait(milliseconds(random() % 20));
      at += size;
    }
    line.stream.end(line.sink());
    ASSERT_EQ(line.units.size(), units.size());
  }
}

}  // namespace
}  // namespace rearview

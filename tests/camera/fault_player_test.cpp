#include "camera/faults/fault_player.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <fstream>

#include "base/error.h"
#include "base/temporary_folder.h"
#include "tests/camera/fake_pictures.h"

namespace rearview::camera {
namespace {

using test::FakePictures;

/// 10 s of pictures at 30 a second, an IDR each second, through a player; notes what came out when.
struct Played {
  explicit Played(const Fault& fault, std::uint64_t seed = 1) {
    double now_s = 0;
    FaultPlayer player({seed, {fault}}, {[&](CodedPicturePtr picture) {
                                           sent.push_back(std::move(picture));
                                           sent_at_s.push_back(now_s);
                                         },
                                         [&] { cuts_s.push_back(now_s); },
                                         [&](bool on) {
                                           joins.push_back({now_s, on});
                                         },
                                         [&](std::optional<int> kbps) {
                                           rates.push_back({now_s, kbps.value_or(0)});
                                         },
                                         [&] { ++idrs_wanted; }});
    FakePictures pictures(30, 1000);
    for (int i = 0; i < 300; ++i) {
      now_s = i / 30.0;
      given.push_back(pictures.next());
      player.publish(given.back());
    }
  }
  std::vector<CodedPicturePtr> given;
  std::vector<CodedPicturePtr> sent;
  std::vector<double> sent_at_s;
  std::vector<double> cuts_s;
  std::vector<std::pair<double, bool>> joins;
  std::vector<std::pair<double, int>> rates;
  int idrs_wanted = 0;
};

Fault fault(FaultKind kind, double at_s, double duration_s) {
  Fault made;
  made.kind = kind;
  made.at_s = at_s;
  made.duration_s = duration_s;
  return made;
}

TEST(FaultPlayer, WithoutAFaultEverythingGoesThroughUntouched) {
  const Played played(fault(FaultKind::stall, 1000, 1));
  EXPECT_EQ(played.sent, played.given);
}

TEST(FaultPlayer, AStallSendsNothingAndGoesOnAtAnIdr) {
  const Played played(fault(FaultKind::stall, 2.49, 2));
  EXPECT_EQ(played.sent.size(), 75U + 150U);  // to 2.5 s, and from the IDR at 5 s on
  EXPECT_TRUE(played.sent[75]->idr);
  EXPECT_GT(played.idrs_wanted, 0);
}

TEST(FaultPlayer, ABurstHoldsBackAndLosesNothing) {
  const Played played(fault(FaultKind::burst, 1.99, 1));
  EXPECT_EQ(played.sent, played.given);
  for (std::size_t i = 60; i < 90; ++i) EXPECT_NEAR(played.sent_at_s[i], 3.0, 0.01);
}

TEST(FaultPlayer, CutsOnceEachTimeItIsDue) {
  Fault cut = fault(FaultKind::cut, 1, 0.5);
  cut.every_s = 4;
  const Played played(cut);
  EXPECT_THAT(played.cuts_s,
              testing::ElementsAre(testing::DoubleNear(1, 0.04), testing::DoubleNear(5, 0.04),
                                   testing::DoubleNear(9, 0.04)));
  EXPECT_EQ(played.sent, played.given);
}

TEST(FaultPlayer, SwitchesJoiningAndRateForTheirTime) {
  const Played joins(fault(FaultKind::mid_gop_join, 1, 2));
  ASSERT_EQ(joins.joins.size(), 2U);
  EXPECT_TRUE(joins.joins[0].second);
  EXPECT_NEAR(joins.joins[1].first, 3, 0.04);
  EXPECT_FALSE(joins.joins[1].second);

  const Played slow(fault(FaultKind::slow, 1, 2));
  ASSERT_EQ(slow.rates.size(), 2U);
  EXPECT_EQ(slow.rates[0].second, 500);
  EXPECT_EQ(slow.rates[1].second, 0);
}

TEST(FaultPlayer, LosesParameterSetsOnly) {
  const Played played(fault(FaultKind::lost_parameter_sets, 0, 1.5));
  for (std::size_t i = 0; i < played.sent.size(); ++i) {
    if (i != 0 && i != 30) {
      EXPECT_EQ(played.sent[i], played.given[i]);
      continue;
    }
    EXPECT_EQ(played.sent[i]->bytes[4], 0x65);
    EXPECT_EQ(played.sent[i]->bytes.size() + 14, played.given[i]->bytes.size());
  }
}

TEST(FaultPlayer, TruncatesAShareOfThePictures) {
  Fault truncated = fault(FaultKind::truncated_nal, 0, 100);
  truncated.share = 0.5;
  const Played played(truncated);
  int shorter = 0;
  for (std::size_t i = 0; i < played.sent.size(); ++i) {
    EXPECT_LE(played.sent[i]->bytes.size(), played.given[i]->bytes.size());
    if (played.sent[i] != played.given[i]) ++shorter;
    // The next picture's delimiter still stands behind.
    EXPECT_TRUE(std::equal(kDelimiter.rbegin(), kDelimiter.rend(), played.sent[i]->bytes.rbegin()));
  }
  EXPECT_NEAR(shorter, 150, 40);
}

TEST(FaultPlayer, TurnsAShareOfTheBits) {
  Fault bits = fault(FaultKind::bit_errors, 0, 100);
  bits.share = 1e-3;
  const Played played(bits);
  int turned = 0;
  for (std::size_t i = 0; i < played.sent.size(); ++i) {
    ASSERT_EQ(played.sent[i]->bytes.size(), played.given[i]->bytes.size());
    for (std::size_t k = 0; k < played.sent[i]->bytes.size(); ++k)
      turned += std::popcount(
          static_cast<unsigned>(played.sent[i]->bytes[k] ^ played.given[i]->bytes[k]));
  }
  EXPECT_NEAR(turned, 2400, 300);  // of 2.4 million

  const Played again(bits);
  for (std::size_t i = 0; i < played.sent.size(); ++i)
    EXPECT_EQ(played.sent[i]->bytes, again.sent[i]->bytes);
  EXPECT_NE(played.sent[0]->bytes, Played(bits, 2).sent[0]->bytes);
}

std::string problem(const std::string& text) {
  const TemporaryFolder folder;
  std::ofstream(folder / "faults.json") << text;
  try {
    FaultScript::read(folder / "faults.json");
    return "";
  } catch (const UsageError& e) {
    const std::string what = e.what();
    return what.substr(what.find("faults.json"));
  }
}

TEST(FaultScript, IsReadStrictly) {
  EXPECT_EQ(problem(R"({"seed": 3, "faults": [{"kind": "stall", "at_s": 5, "duration_s": 3}]})"),
            "");
  EXPECT_EQ(problem(R"({"faults": [{"kind": "flood"}]})"),
            "faults.json: /faults/0/kind: \"flood\" is not one of stall, burst, cut, mid_gop_join, "
            "lost_parameter_sets, truncated_nal, bit_errors, slow");
  EXPECT_EQ(problem(R"({"faults": [{"kind": "cut", "every_s": 0.5}]})"),
            "faults.json: /faults/0/every_s: must be 0, or no less than duration_s");
  EXPECT_EQ(problem(R"({"faults": [{"kind": "bit_errors", "share": 2}]})"),
            "faults.json: /faults/0/share: 2 is not a number from 0 to 1");
}

}  // namespace
}  // namespace rearview::camera

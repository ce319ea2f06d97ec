#include "store/encounters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rearview {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Taken = Encounters::Taken;

class EncountersTest : public testing::Test {
 protected:
  Taken alert(std::uint64_t id, AlertKind kind, double t_s, std::optional<int> track = 7,
              std::uint32_t epoch = 1) {
    Alert made;
    made.id = id;
    made.kind = kind;
    made.t_s = t_s;
    if (track) made.about = AlertApproach{{.track_id = *track}};
    made.epoch = epoch;
    return encounters_.alert(made);
  }
  std::vector<Encounters::Ended> at(double t_s, int threat = 0, std::uint32_t epoch = 1) {
    Analysis made;
    made.t_s = t_s;
    made.epoch = epoch;
    Track track;
    track.id = 7;
    track.threat = threat;
    made.tracks.push_back(track);
    return encounters_.analysis(made);
  }

  ClipConfig config_{.pre_roll_s = 4, .post_roll_s = 2, .most_s = 30};
  Encounters encounters_{config_};
};

TEST_F(EncountersTest, OneVehicleFromItsFirstAlertToItsPassIsOneClip) {
  EXPECT_EQ(alert(1, AlertKind::vehicle_approaching, 10), Taken::yes);
  EXPECT_THAT(at(12, 1), IsEmpty());
  EXPECT_EQ(alert(2, AlertKind::fast_approach, 13), Taken::yes);
  EXPECT_EQ(alert(3, AlertKind::overtake, 16), Taken::yes);
  EXPECT_THAT(at(17.9), IsEmpty());
  const auto over = at(18);
  ASSERT_EQ(over.size(), 1u);
  EXPECT_TRUE(over[0].wanted);
  EXPECT_THAT(over[0].alerts, ElementsAre(1, 2, 3));
  EXPECT_EQ(over[0].from_s, 6);
  EXPECT_EQ(over[0].to_s, 18);
}

TEST_F(EncountersTest, WaitsForThePassOfAVehicleThatIsStillAThreat) {
  alert(1, AlertKind::fast_approach, 10);
  for (double t_s = 10; t_s < 20; t_s += 0.5) EXPECT_THAT(at(t_s, 1), IsEmpty());
  EXPECT_THAT(at(21.4), IsEmpty());
  EXPECT_EQ(at(21.5).size(), 1u) << "no threat for the post-roll";
}

TEST_F(EncountersTest, AVehicleThatOnlyCameNearerMakesNoClip) {
  alert(1, AlertKind::vehicle_approaching, 10);
  const auto over = at(12);
  ASSERT_EQ(over.size(), 1u);
  EXPECT_FALSE(over[0].wanted);
}

TEST_F(EncountersTest, ALongOneKeepsItsEndAndOneWithoutEndIsNotWaitedFor) {
  alert(1, AlertKind::vehicle_approaching, 10);
  for (double t_s = 10; t_s < 38; ++t_s) EXPECT_THAT(at(t_s, 1), IsEmpty());
  alert(2, AlertKind::close_pass, 38);
  auto over = at(40);
  ASSERT_EQ(over.size(), 1u);
  EXPECT_EQ(over[0].from_s, 10);
  EXPECT_EQ(over[0].to_s, 40);
  alert(3, AlertKind::fast_approach, 50);
  for (double t_s = 50; t_s < 82; ++t_s) EXPECT_THAT(at(t_s, 1), IsEmpty()) << t_s;
  EXPECT_EQ(at(82, 1).size(), 1u);
}

TEST_F(EncountersTest, ALostConnectionEndsAnEncounterAtOnce) {
  alert(1, AlertKind::overtake, 10);
  EXPECT_EQ(at(10.1, 0, 2).size(), 1u);
}

TEST_F(EncountersTest, OtherVehiclesAndOtherConnectionsAreOtherEncounters) {
  alert(1, AlertKind::overtake, 10, 7);
  alert(2, AlertKind::overtake, 10, 8);
  alert(3, AlertKind::vehicle_approaching, 10.5, 7);  // the number, after its pass: another vehicle
  EXPECT_EQ(encounters_.finish().size(), 3u);
  EXPECT_THAT(encounters_.finish(), IsEmpty());
}

TEST_F(EncountersTest, AlertsOfNoVehicleWantAClipOnlyWhereConfigured) {
  EXPECT_EQ(alert(1, AlertKind::camera_lost, 10, std::nullopt), Taken::no);
  config_.kinds = {AlertKind::camera_lost};
  Encounters asked(config_);
  Alert lost;
  lost.id = 1;
  lost.kind = AlertKind::camera_lost;
  lost.t_s = 10;
  EXPECT_EQ(asked.alert(lost), Taken::yes);
  Analysis silence;
  silence.t_s = 12;
  const auto over = asked.analysis(silence);
  ASSERT_EQ(over.size(), 1u);
  EXPECT_EQ(over[0].from_s, 6);
}

TEST_F(EncountersTest, MoreThanARoadHoldsIsRefused) {
  int taken = 0;
  for (int track = 0; track < 100; ++track)
    taken +=
        alert(static_cast<std::uint64_t>(track + 1), AlertKind::overtake, 10, track) == Taken::yes;
  EXPECT_EQ(taken, 32);
}

}  // namespace
}  // namespace rearview

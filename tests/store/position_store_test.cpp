#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/temporary_folder.h"
#include "store/alert_store.h"
#include "store/archive_file.h"
#include "tests/support/eventually.h"
#include "types/json.h"

namespace rearview {
namespace {

using test::eventually;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

const Position kHere{48.1371, 11.5754, 4.0};

class PositionStore : public testing::Test {
 protected:
  /// A ride with a fix a second, 6 m apart, which began some days ago.
  static void ride(AlertStore& store, int seconds, int days_ago = 0) {
    const WallTime start = WallClock::now() - 24h * days_ago;
    const SteadyTime now = SteadyClock::now();
    for (int t = 0; t < seconds; ++t) {
      // What the camera showed just now; the fixes came meanwhile.
      if (t == 0) store.camera_seen("rear", start, true);
      store.rider_moved({now + 10ms + t * 1s / seconds, kHere, 6.0, {6.0 * t, 1.0 * t, 1.0 * t}},
                        true);
    }
  }
  static Alert pass() {
    Alert made;
    made.camera = "rear";
    made.kind = AlertKind::close_pass;
    made.time = WallClock::now();
    made.about = AlertPass{{.track_id = 7}, 13};
    made.position = kHere;
    made.rider_speed_mps = 6.0;
    return made;
  }
  void run(const std::string& sql) const {
    std::ofstream(config_.folder / "run.sql") << sql;
    const std::string folder = config_.folder.string();
    ASSERT_EQ(std::system(("sqlite3 " + folder + "/alerts.db < " + folder + "/run.sql").c_str()),
              0);
  }

  const TemporaryFolder temporary_;
  StoreConfig config_{.folder = temporary_ / "store"};
};

TEST_F(PositionStore, WhereThingsHappenedOutlivesARestart) {
  {
    AlertStore store(config_);
    ride(store, 2);
    store.append(pass());
    store.append(Alert());
    ASSERT_TRUE(store.flush());
  }
  const auto check = [](const RideArchive& archive) {
    const Alert alert = archive.alert(1).value();
    EXPECT_EQ(alert.position->lat_deg, kHere.lat_deg);
    EXPECT_EQ(alert.position->lon_deg, kHere.lon_deg);
    EXPECT_EQ(alert.position->accuracy_m, kHere.accuracy_m);
    EXPECT_EQ(alert.rider_speed_mps, 6.0);
    EXPECT_FALSE(archive.alert(2)->position);
    const Pass passed = archive.passes({}).at(0);
    EXPECT_EQ(passed.position->lat_deg, kHere.lat_deg);
    EXPECT_EQ(passed.position->accuracy_m, kHere.accuracy_m);
    EXPECT_EQ(passed.rider_speed_mps, 6.0);
    EXPECT_EQ(passed.ride_distance_m, 6.0);
    const Ride ride = archive.ride(1).value();
    EXPECT_EQ(ride.travelled.distance_m, 6.0);
    EXPECT_EQ(ride.distance_m(), 6.0);
    EXPECT_EQ(ride.travelled.moving_s, 1.0);
    const auto track = archive.track(1);
    ASSERT_THAT(track, SizeIs(1)) << "one a second";
    EXPECT_EQ(track[0].t_s, 0);
    EXPECT_EQ(track[0].position.lon_deg, kHere.lon_deg);
    EXPECT_EQ(track[0].speed_mps, 6.0);
    EXPECT_THAT(archive.track(2), IsEmpty());
  };
  check(AlertStore(config_));
  check(ArchiveFile(config_.folder));
}

TEST_F(PositionStore, ADistanceThatLeavesOutAFifthOfTheRideIsNone) {
  Ride ride;
  ride.duration_s = 100;
  EXPECT_EQ(ride.distance_m(), std::nullopt);
  ride.travelled = {500, 81, 60};
  EXPECT_EQ(ride.distance_m(), 500);
  EXPECT_EQ(to_json(ride)["moving_s"], 60);
  ride.travelled.known_s = 79;
  EXPECT_EQ(ride.distance_m(), std::nullopt);
  EXPECT_TRUE(to_json(ride)["moving_s"].is_null());
  EXPECT_EQ(to_json(ride)["located_s"], 79);
}

TEST_F(PositionStore, AKillLosesNoMoreThanSeconds) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    AlertStore store(config_);
    store.camera_seen("rear", WallClock::now(), true);
    if (!store.flush()) _exit(1);
    ride(store, 3);
    // Nothing asks for it to be written. The file is asked: the store also knows what isn't there.
    const ArchiveFile file(config_.folder);
    const auto written = [&file] {
      const auto ride = file.ride(1);
      return ride && ride->travelled.distance_m == 12;
    };
    if (!eventually(written)) _exit(1);
    raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << "it was never written";
  const AlertStore store(config_);
  EXPECT_EQ(store.ride(1)->travelled.distance_m, 12);
  EXPECT_THAT(store.track(1), SizeIs(1));
}

TEST_F(PositionStore, PositionsGoWithAgeButNotThoseOfALockedAlert) {
  config_.keep_days = 0;
  {
    AlertStore store(config_);
    for (const char* camera : {"old", "locked", "new"}) {
      Alert alert = pass();
      alert.camera = camera;
      store.camera_seen(camera, WallClock::now(), true);
      store.rider_moved({SteadyClock::now(), kHere, 6.0, {}}, true);
      store.append(alert);
    }
    ASSERT_TRUE(store.flush());
    ASSERT_EQ(store.set_locked(2, true), Change::done);
  }
  run("UPDATE alerts SET time_ms = time_ms - 91*86400000 WHERE id < 3;"
      "UPDATE passes SET time_ms = time_ms - 91*86400000 WHERE id < 3;"
      "UPDATE rides SET start_ms = start_ms - 91*86400000, seen_ms = seen_ms - 91*86400000 "
      "WHERE id < 3;");
  config_.keep_days = 90;
  AlertStore store(config_);
  store.append(Alert());
  ASSERT_TRUE(store.flush());
  EXPECT_FALSE(store.alert(1));
  const auto passes = store.passes({});
  ASSERT_THAT(passes, SizeIs(3)) << "they stay";
  EXPECT_FALSE(passes[0].position);
  EXPECT_EQ(passes[0].rider_speed_mps, 6.0);
  EXPECT_TRUE(passes[1].position) << "locked";
  EXPECT_TRUE(passes[2].position);
  EXPECT_TRUE(store.ride(1));
  EXPECT_THAT(store.track(1), IsEmpty());
  EXPECT_THAT(store.track(2), SizeIs(1)) << "locked";
  EXPECT_THAT(store.track(3), SizeIs(1));
}

TEST_F(PositionStore, ATrackGoesWithItsRideAndTheOldestFirst) {
  StoreDatabase database("");
  database.open();
  for (std::uint64_t id = 1; id <= 4; ++id) {
    std::vector<StoredPoint> track;
    for (int t = 0; t < 10; ++t) track.push_back({id, {t, kHere, std::nullopt, 6.0 * t}});
    database.insert({}, {}, {{id, "rear", WallClock::now(), WallClock::now(), 10, {}}}, track);
    database.insert({}, {}, {}, track);  // again, as after a failure
  }
  const auto points = [&database](std::uint64_t ride) {
    return database.read([ride](const StoreReader& reader) { return reader.track(ride); }).size();
  };
  database.remove_surplus_tracks(40);
  EXPECT_EQ(points(1), 10u);
  database.remove_surplus_tracks(39);
  EXPECT_EQ(points(1), 0u);
  EXPECT_EQ(points(2), 10u);
  database.remove_surplus_history(2);
  EXPECT_EQ(points(2), 0u);
  EXPECT_EQ(points(3), 10u);
  database.remove_surplus_tracks(15);
  EXPECT_EQ(points(3), 0u) << "what went with its ride isn't counted any more";
  EXPECT_EQ(points(4), 10u);
}

TEST_F(PositionStore, ADatabaseOfTheSecondVersionIsTakenOver) {
  std::filesystem::create_directories(config_.folder);
  Alert alert;
  alert.id = 5;
  alert.time = WallClock::now();
  auto json = to_json(alert);
  json.erase("position");
  json.erase("rider_speed_mps");
  run("CREATE TABLE alerts (id INTEGER PRIMARY KEY, camera TEXT NOT NULL, kind TEXT NOT NULL, "
      "json TEXT NOT NULL, time_ms INTEGER NOT NULL DEFAULT 0, locked INTEGER NOT NULL DEFAULT 0, "
      "snapshot_bytes INTEGER NOT NULL DEFAULT 0, clip INTEGER, ride INTEGER);"
      "CREATE TABLE ids (next_id INTEGER NOT NULL); INSERT INTO ids VALUES (9);"
      "CREATE TABLE clips (id INTEGER PRIMARY KEY, bytes INTEGER NOT NULL);"
      "CREATE TABLE rides (id INTEGER PRIMARY KEY AUTOINCREMENT, camera TEXT NOT NULL, "
      "start_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL, duration_s REAL NOT NULL);"
      "CREATE TABLE passes (id INTEGER PRIMARY KEY, ride INTEGER, camera TEXT NOT NULL, "
      "time_ms INTEGER NOT NULL, close INTEGER NOT NULL, class TEXT NOT NULL, side TEXT NOT NULL, "
      "lead_s REAL, lateral_m REAL, closing_mps REAL);"
      "INSERT INTO alerts VALUES (5, 'rear', 'overtake', '" +
      json.dump() + "', " + std::to_string(unix_ms(alert.time)) +
      ", 1, 0, NULL, 1);"
      "INSERT INTO rides VALUES (1, 'rear', 1790000000000, 1790000060000, 60);"
      "INSERT INTO alerts VALUES "
      "(1, 'rear', 'camera_lost', '{\"blind_s\":1.5}', 1790000010000, 0, 0, NULL, 1),"
      "(2, 'rear', 'view_blocked', '{}', 1790000012000, 0, 0, NULL, 1),"
      "(3, 'rear', 'camera_back', '{}', 1790000020000, 0, 0, NULL, 1),"
      "(4, 'rear', 'view_blocked', '{}', 1790000048500, 0, 0, NULL, 1);"
      "INSERT INTO passes VALUES (5, 1, 'rear', 1790000050000, 0, 'car', 'left', 2.5, 1.2, 6);"
      "PRAGMA user_version = 2;");
  {
    AlertStore store(config_);
    EXPECT_TRUE(store.alert(5)->keeping.locked);
    EXPECT_FALSE(store.alert(5)->position);
    EXPECT_EQ(store.passes({}).at(0).lead_s, 2.5);
    EXPECT_FALSE(store.passes({}).at(0).position);
    EXPECT_EQ(store.ride(1)->duration_s, 60);
    EXPECT_EQ(store.ride(1)->distance_m(), std::nullopt);
    EXPECT_EQ(store.ride(1)->unseen, (std::vector<Stretch>{{8, 20}, {48, 60}}))
        << "as far as alerts told it";
    ride(store, 2);
    EXPECT_EQ(store.append(pass()).id, 9u);
    ASSERT_TRUE(store.flush());
  }
  const AlertStore store(config_);
  EXPECT_TRUE(store.alert(9)->position);
  EXPECT_THAT(store.track(2), SizeIs(1));
}

}  // namespace
}  // namespace rearview

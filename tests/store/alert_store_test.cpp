#include "store/alert_store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "base/temporary_folder.h"
#include "store/archive_file.h"
#include "types/json.h"

namespace rearview {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Alert alert_of(const std::string& camera, AlertKind kind) {
  Alert alert;
  alert.camera = camera;
  alert.kind = kind;
  return alert;
}

std::vector<std::uint64_t> ids(const std::vector<KeptAlert>& alerts) {
  std::vector<std::uint64_t> found;
  for (const Alert& alert : alerts) found.push_back(alert.id);
  return found;
}

const std::pair<const char*, AlertKind> kFour[] = {{"rear", AlertKind::vehicle_approaching},
                                                   {"side", AlertKind::vehicle_approaching},
                                                   {"rear", AlertKind::overtake},
                                                   {"rear", AlertKind::all_clear}};

void append_four(AlertStore& store) {
  for (const auto& [camera, kind] : kFour) store.append(alert_of(camera, kind));
}

class MemoryStore : public testing::Test {
 protected:
  MemoryStore() {
    append_four(store_);
    EXPECT_TRUE(store_.flush());
  }
  AlertStore store_{StoreConfig{.folder = {}, .alerts_in_memory = 3}};
};

TEST_F(MemoryStore, NumbersRiseByOneAndTheOldestGoes) {
  EXPECT_EQ(store_.newest_id(), 4u);
  EXPECT_THAT(ids(store_.alerts({})), ElementsAre(2, 3, 4));
  EXPECT_FALSE(store_.status().persistent);
}

TEST_F(MemoryStore, FindsByIdOnlyWhatIsKept) {
  EXPECT_FALSE(store_.alert(0));
  EXPECT_FALSE(store_.alert(1));
  EXPECT_EQ(store_.alert(3)->kind, AlertKind::overtake);
  EXPECT_FALSE(store_.alert(5));
}

class DiskStore : public testing::Test {
 protected:
  const TemporaryFolder temporary_;
  StoreConfig config_{.folder = temporary_ / "store", .alerts_in_memory = 1000};
};

TEST_F(DiskStore, QueriesJoinDiskAndMemory) {
  config_.alerts_in_memory = 2;
  AlertStore store(config_);
  for (const auto& [camera, kind] : kFour) {
    store.append(alert_of(camera, kind));
    ASSERT_TRUE(store.flush());
  }
  EXPECT_THAT(ids(store.alerts({})), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(ids(store.alerts({.after = 1, .limit = 2})), ElementsAre(2, 3));
  EXPECT_THAT(ids(store.alerts({.camera = "rear"})), ElementsAre(1, 3, 4));
  EXPECT_THAT(ids(store.alerts({.kind = AlertKind::vehicle_approaching})), ElementsAre(1, 2));
  EXPECT_THAT(ids(store.alerts({.after = 99})), ElementsAre());
  EXPECT_EQ(store.alert(1)->camera, "rear");
}

TEST_F(DiskStore, AReaderMissesNothingBetweenMemoryAndDisk) {
  config_.alerts_in_memory = 4;
  AlertStore store(config_);
  constexpr std::uint64_t kMost = 1500;
  std::jthread writer([&] {
    for (std::uint64_t i = 0; i < kMost; ++i) {
      store.append(alert_of("rear", AlertKind::overtake));
      if (i % 4 == 3) store.flush();  // else the disk can't keep up with such a small memory
    }
  });
  std::uint64_t after = 0;
  for (std::size_t limit = 1; after < kMost; limit = limit % 7 + 1) {
    for (const Alert& alert : store.alerts({.after = after, .limit = limit})) {
      ASSERT_EQ(alert.id, after + 1);
      after = alert.id;
    }
  }
  EXPECT_EQ(store.status().lost, 0u);
}

TEST_F(DiskStore, ARestartKeepsEverythingAndReusesNoNumber) {
  std::string written;
  {
    AlertStore store(config_);
    append_four(store);
    written = message_of(*store.alert(4));
  }
  AlertStore store(config_);
  EXPECT_THAT(ids(store.alerts({})), ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(message_of(*store.alert(4)), written);
  const std::uint64_t next = store.append(Alert()).id;
  EXPECT_GT(next, 4u);
  EXPECT_THAT(ids(store.alerts({})), ElementsAre(1, 2, 3, 4, next));
}

TEST_F(DiskStore, AKillLosesNothingStoredAndReusesNoNumberEverGiven) {
  for (int round = 0; round < 5; ++round) {
    int pipe_ends[2];
    ASSERT_EQ(pipe(pipe_ends), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      AlertStore store(config_);
      for (int i = 0; i < 20; ++i) store.append(Alert());
      store.flush();
      std::uint64_t told[2] = {store.newest_id(), 0};
      for (int i = 0; i < 100; ++i) told[1] = store.append(Alert()).id;
      if (write(pipe_ends[1], told, sizeof told) != sizeof told) _exit(1);
      for (;;) pause();
    }
    std::uint64_t told[2] = {};
    ASSERT_EQ(read(pipe_ends[0], told, sizeof told), static_cast<ssize_t>(sizeof told));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    AlertStore store(config_);
    for (std::uint64_t id = told[0] - 19; id <= told[0]; ++id) EXPECT_TRUE(store.alert(id)) << id;
    EXPECT_GT(store.append(Alert()).id, told[1]);
  }
}

TEST_F(DiskStore, KeepsNoMoreThanAsked) {
  config_.alerts_on_disk = 3;
  config_.alerts_in_memory = 1;
  AlertStore store(config_);
  for (int i = 0; i < 10; ++i) {
    store.append(Alert());
    ASSERT_TRUE(store.flush());
  }
  EXPECT_THAT(ids(store.alerts({})), ElementsAre(8, 9, 10));
}

/// Puts a snapshot, and a clip with its sidecar, in their places: 30 bytes in all.
void attach(AlertStore& store, std::uint64_t alert) {
  const MediaFolder& media = store.media();
  ASSERT_TRUE(
      store.attach_snapshot(alert, media.write(media.snapshot(alert), std::string(10, 's'))));
  const std::uint64_t bytes = media.write(media.clip(alert), std::string(15, 'c')) +
                              media.write(media.tracks(alert), std::string(5, 't'));
  ASSERT_TRUE(store.attach_clip(alert, {alert}, bytes));
}

TEST_F(DiskStore, FilesBelongToTheirAlertOverRestartsAndGoWithIt) {
  std::filesystem::path clip;
  {
    AlertStore store(config_);
    store.append(Alert());
    attach(store, 1);
    clip = store.clip(1).value();
    EXPECT_TRUE(store.alert(1)->keeping.has_clip);
    EXPECT_EQ(store.status().media_bytes, 30u);
    EXPECT_FALSE(store.attach_snapshot(9, 10)) << "there is no such alert";
    EXPECT_FALSE(store.attach_clip(9, {9}, 10));
    EXPECT_EQ(store.status().media_bytes, 30u);
  }
  AlertStore store(config_);
  EXPECT_TRUE(store.alert(1)->keeping.has_snapshot);
  EXPECT_TRUE(store.alert(1)->keeping.has_clip);
  EXPECT_EQ(store.status().media_bytes, 30u);
  EXPECT_EQ(store.remove(1), Change::done);
  EXPECT_EQ(store.remove(1), Change::unknown);
  EXPECT_FALSE(std::filesystem::exists(clip));
  EXPECT_FALSE(store.alert(1));
  EXPECT_FALSE(store.clip(1));
  EXPECT_EQ(store.status().media_bytes, 0u);
}

TEST_F(DiskStore, TellsOfEachChangeAsItIsKept) {
  AlertStore store(config_);
  std::vector<std::string> told;
  store.on_change([&](const AlertUpdate& update) { told.push_back(message_of(update)); });
  append_four(store);
  EXPECT_TRUE(store.attach_snapshot(2, 10));
  EXPECT_TRUE(store.attach_clip(1, {1, 2}, 10));
  EXPECT_EQ(store.set_locked(2, true), Change::done);
  EXPECT_EQ(store.remove(2), Change::locked);
  EXPECT_EQ(store.remove(3), Change::done);
  EXPECT_FALSE(store.attach_snapshot(3, 10)) << "it is gone";
  const auto json = [](int id, bool deleted, bool locked, bool has_snapshot, bool has_clip) {
    return nlohmann::ordered_json{{"type", "alert_update"},
                                  {"id", id},
                                  {"deleted", deleted},
                                  {"locked", locked},
                                  {"has_snapshot", has_snapshot},
                                  {"has_clip", has_clip},
                                  {"mark", nullptr}}
        .dump();
  };
  EXPECT_THAT(told,
              ElementsAre(json(2, false, false, true, false), json(1, false, false, false, true),
                          json(2, false, false, true, true), json(2, false, true, true, true),
                          json(3, true, false, false, false)));
}

TEST_F(DiskStore, WhatAKilledProgramLeftHalfDoneIsDeletedAndTheRestIsKept) {
  const std::filesystem::path clips = config_.folder / "clips";
  {
    AlertStore store(config_);
    append_four(store);
    attach(store, 1);
    attach(store, 2);
    attach(store, 3);
  }
  std::ofstream(clips / "4.mp4.part") << "half a file";
  std::ofstream(clips / "1.mp4.part") << "half a file of one that is there";
  std::ofstream(clips / "77.mp4") << "the database never knew";
  std::ofstream(clips / "77.json") << "the database never knew";
  std::ofstream(clips / "holiday.mp4") << "not ours";
  std::filesystem::remove(clips / "2.json");
  std::filesystem::remove(config_.folder / "snapshots" / "3.jpg");
  AlertStore store(config_);
  std::set<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(clips))
    left.insert(entry.path().filename().string());
  EXPECT_THAT(left, ElementsAre("1.json", "1.mp4", "3.json", "3.mp4", "holiday.mp4"));
  EXPECT_TRUE(store.alert(1)->keeping.has_clip);
  EXPECT_FALSE(store.alert(2)->keeping.has_clip);
  EXPECT_FALSE(store.alert(3)->keeping.has_snapshot);
  EXPECT_EQ(store.status().media_bytes, 30u + 10u + 20u);
}

TEST_F(DiskStore, TheOldestPicturesGoWhenAllAreTooLargeButNotLockedOrOpenOnes) {
  config_.media_bytes = 100;
  AlertStore store(config_);
  for (int i = 0; i < 8; ++i) store.append(Alert());
  store.hold(7);
  attach(store, 1);
  EXPECT_EQ(store.set_locked(1, true), Change::done);
  EXPECT_EQ(store.set_locked(99, true), Change::unknown);
  EXPECT_EQ(store.remove(1), Change::locked);
  for (const std::uint64_t id : {2u, 3u, 4u}) attach(store, id);
  EXPECT_TRUE(store.alert(1)->keeping.has_clip);
  EXPECT_FALSE(store.alert(2)->keeping.has_clip) << "the oldest one, the clip first";
  EXPECT_TRUE(store.alert(2)->keeping.has_snapshot);
  attach(store, 7);
  EXPECT_TRUE(store.alert(7)->keeping.has_clip);
  EXPECT_FALSE(store.alert(3)->keeping.has_clip);
  EXPECT_TRUE(store.alert(3)) << "the alert stays";
  EXPECT_LE(store.status().media_bytes, 100u);
  EXPECT_EQ(store.no_room_for_media(), "");
  for (const std::uint64_t id : {5u, 6u, 8u}) {
    attach(store, id);
    store.set_locked(id, true);
  }
  EXPECT_THAT(store.no_room_for_media(), HasSubstr("locked"));
  EXPECT_EQ(store.set_locked(1, false), Change::done);
  EXPECT_EQ(store.no_room_for_media(), "");
  EXPECT_FALSE(store.alert(1)->keeping.has_clip);
}

TEST_F(DiskStore, OldAlertsGoAndLockedOnesStay) {
  config_.keep_days = 0;
  {
    AlertStore store(config_);
    Alert old;
    old.time = WallClock::now() - std::chrono::hours(24 * 91);
    for (int i = 0; i < 3; ++i) store.append(old);
    old.time = WallTime{};  // before the clock was set
    store.append(old);
    old.time = WallClock::now() - std::chrono::hours(24 * 89);
    store.append(old);
    ASSERT_TRUE(store.flush());
    attach(store, 1);
    store.set_locked(2, true);
  }
  config_.keep_days = 90;
  AlertStore store(config_);
  store.append(Alert());
  ASSERT_TRUE(store.flush());
  EXPECT_THAT(ids(store.alerts({.limit = 3})), ElementsAre(2, 4, 5));
  EXPECT_FALSE(std::filesystem::exists(config_.folder / "clips" / "1.mp4"));
}

TEST_F(DiskStore, LockedAndOpenAlertsAreKeptBesideThoseAskedFor) {
  config_.alerts_on_disk = 3;
  AlertStore store(config_);
  for (int i = 0; i < 3; ++i) store.append(Alert());
  ASSERT_TRUE(store.flush());
  store.set_locked(1, true);
  store.hold(3);
  for (int i = 0; i < 5; ++i) {
    store.append(Alert());
    ASSERT_TRUE(store.flush());
  }
  EXPECT_THAT(ids(store.alerts({})), ElementsAre(1, 3, 4, 5, 6, 7, 8));
  store.release({3});
  store.append(Alert());
  ASSERT_TRUE(store.flush());
  EXPECT_THAT(ids(store.alerts({})), ElementsAre(1, 8, 9));
}

TEST_F(DiskStore, RidesAndPassesOutliveRestartsAndAlerts) {
  Alert pass = alert_of("rear", AlertKind::overtake);
  pass.time = WallClock::now();
  pass.about = AlertPass{{.track_id = 7}, 13};
  {
    AlertStore store(config_);
    EXPECT_EQ(store.append(Alert()).keeping.ride, std::nullopt);
    store.camera_seen("rear", WallClock::now(), true);
    EXPECT_EQ(store.append(pass).keeping.ride, 1u);
    pass.kind = AlertKind::close_pass;
    store.append(pass);
    ASSERT_TRUE(store.flush());
    const Ride ride = store.ride(1).value();
    EXPECT_EQ(ride.passes, 2u);
    EXPECT_EQ(ride.close_passes, 1u);
    EXPECT_EQ(ride.alerts, 2u);
    EXPECT_FALSE(ride.end) << "it goes on";
    EXPECT_FALSE(store.ride(2));
  }
  config_.alerts_on_disk = 2;
  AlertStore store(config_);
  EXPECT_TRUE(store.ride(1)->end);
  store.append(Alert());
  ASSERT_TRUE(store.flush());
  const auto passes = store.passes({.ride = 1});
  ASSERT_EQ(passes.size(), 2u);
  EXPECT_EQ(passes[0].alert, std::nullopt) << "alert 2 is over the number to keep";
  EXPECT_TRUE(passes[1].close);
  EXPECT_TRUE(store.passes({.ride = 2}).empty());
  store.camera_seen("rear", WallClock::now(), true);
  EXPECT_EQ(store.append(pass).keeping.ride, 1u) << "no long gap";
  ASSERT_TRUE(store.flush());
  EXPECT_EQ(store.remove(store.newest_id()), Change::done);
  EXPECT_EQ(store.passes({}).size(), 2u) << "a deleted alert takes its pass along";
}

TEST_F(DiskStore, ARideThatEndedIsAsLongAsItWasWhateverTheClockSaid) {
  {
    AlertStore store(config_);
    store.camera_seen("rear", WallClock::now() - std::chrono::hours(30), true);
    store.camera_seen("rear", WallClock::now(), true);
    ASSERT_TRUE(store.flush());
    EXPECT_LT(store.ride(1)->duration_s, 60);
  }
  EXPECT_LT(AlertStore(config_).ride(1)->duration_s, 60);
}

TEST_F(DiskStore, AFolderCanBeReadFromOutside) {
  AlertStore store(config_);
  store.camera_seen("rear", WallClock::now(), true);
  append_four(store);
  Alert pass = alert_of("rear", AlertKind::overtake);
  pass.about = AlertPass{{.track_id = 7}, 13};
  store.append(pass);
  ASSERT_TRUE(store.flush());
  const ArchiveFile archive(config_.folder);
  EXPECT_EQ(archive.newest_id(), 5u);
  EXPECT_THAT(ids(archive.alerts({.after = 1, .camera = "rear"})), ElementsAre(3, 4, 5));
  EXPECT_EQ(archive.alert(3)->keeping.ride, 1u);
  EXPECT_FALSE(archive.alert(0));
  EXPECT_FALSE(archive.alert(6));
  EXPECT_EQ(archive.rides({}).size(), 1u);
  EXPECT_EQ(archive.ride(1)->passes, 1u);
  EXPECT_FALSE(archive.ride(2));
  EXPECT_EQ(archive.passes({.ride = 1}).size(), 1u);
}

TEST_F(DiskStore, AnEpochLastsUntilAStoreIsBegunAnew) {
  std::string epoch;
  {
    const AlertStore store(config_);
    epoch = store.epoch();
    EXPECT_EQ(epoch.size(), 16u);
  }
  EXPECT_EQ(AlertStore(config_).epoch(), epoch);
  std::filesystem::remove(config_.folder / "alerts.db");
  EXPECT_NE(AlertStore(config_).epoch(), epoch);
}

TEST_F(DiskStore, ADatabaseOfTheFirstVersionIsTakenOver) {
  std::filesystem::create_directories(config_.folder);
  Alert alert;
  alert.id = 5;
  alert.time = parse_rfc3339("2026-11-22T09:00:00.123Z").value();
  const std::string sql =
      "CREATE TABLE alerts (id INTEGER PRIMARY KEY, camera TEXT NOT NULL, kind TEXT NOT NULL, "
      "json TEXT NOT NULL); CREATE TABLE ids (next_id INTEGER NOT NULL); "
      "INSERT INTO ids VALUES (9); INSERT INTO alerts VALUES (5, 'rear', 'overtake', '" +
      to_json(alert).dump() + "'); PRAGMA user_version = 1;";
  const std::string database = (config_.folder / "alerts.db").string();
  std::ofstream(config_.folder / "v1.sql") << sql;
  ASSERT_EQ(
      std::system(("sqlite3 " + database + " < " + config_.folder.string() + "/v1.sql").c_str()),
      0);
  config_.keep_days = 0;
  AlertStore store(config_);
  ASSERT_TRUE(store.alert(5));
  EXPECT_EQ(store.alert(5)->time, alert.time);
  EXPECT_FALSE(store.epoch().empty());
  EXPECT_EQ(store.append(Alert()).id, 9u);
  const SQLite::Database check(database, SQLite::OPEN_READONLY, 1000);
  SQLite::Statement time(check, "SELECT time_ms FROM alerts WHERE id = 5");
  ASSERT_TRUE(time.executeStep());
  EXPECT_EQ(time.getColumn(0).getInt64(), unix_ms(alert.time));
}

}  // namespace
}  // namespace rearview

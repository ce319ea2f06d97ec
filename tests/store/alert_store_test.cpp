#include "store/alert_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

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

std::vector<std::uint64_t> ids(const std::vector<Alert>& alerts) {
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
  DiskStore() { std::filesystem::create_directories(config_.folder.parent_path()); }
  ~DiskStore() override { std::filesystem::remove_all(config_.folder); }

  StoreConfig config_{.folder = std::filesystem::temp_directory_path() /
                                ("alert_store_test_" + std::to_string(::getpid())),
                      .alerts_in_memory = 1000};
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

TEST_F(DiskStore, ARestartKeepsEverythingAndReusesNoNumber) {
  std::string written;
  {
    AlertStore store(config_);
    append_four(store);
    written = to_json(*store.alert(4)).dump();
  }
  AlertStore store(config_);
  EXPECT_THAT(ids(store.alerts({})), ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(to_json(*store.alert(4)).dump(), written);
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

TEST_F(DiskStore, ADiskThatRefusesNeverStopsAlertsAndIsToldAndRecovers) {
  AlertStore store(config_);
  store.append(Alert());
  ASSERT_TRUE(store.flush());
  // A table that is gone makes every write fail, as a broken disk would.
  const auto database = config_.folder / "alerts.db";
  ASSERT_EQ(std::system(
                ("sqlite3 " + database.string() + " 'ALTER TABLE alerts RENAME TO away'").c_str()),
            0);
  EXPECT_EQ(store.append(Alert()).id, 2u);
  EXPECT_FALSE(store.flush());
  EXPECT_THAT(store.status().problem, HasSubstr("alerts"));
  EXPECT_EQ(store.status().waiting, 1u);
  ASSERT_EQ(std::system(
                ("sqlite3 " + database.string() + " 'ALTER TABLE away RENAME TO alerts'").c_str()),
            0);
  while (!store.status().problem.empty()) store.flush();
  EXPECT_THAT(ids(store.alerts({})), ElementsAre(1, 2));
  EXPECT_EQ(store.status().lost, 0u);
}

TEST_F(DiskStore, WhatFellOutOfMemoryUnwrittenIsCounted) {
  config_.alerts_in_memory = 2;
  AlertStore store(config_);
  const auto database = config_.folder / "alerts.db";
  ASSERT_EQ(std::system(
                ("sqlite3 " + database.string() + " 'ALTER TABLE alerts RENAME TO away'").c_str()),
            0);
  for (int i = 0; i < 5; ++i) store.append(Alert());
  EXPECT_EQ(store.status().lost, 3u);
}

TEST_F(DiskStore, OnlyOneProgramMayUseAFolder) {
  AlertStore first(config_);
  try {
    AlertStore second(config_);
    FAIL();
  } catch (const std::runtime_error& e) {
    EXPECT_THAT(e.what(), HasSubstr("another program keeps its alerts here"));
  }
}

TEST_F(DiskStore, AFolderThatCannotBeUsedIsOneSentence) {
  std::ofstream(config_.folder) << "a file, not a folder";
  try {
    AlertStore store(config_);
    FAIL();
  } catch (const std::runtime_error& e) {
    EXPECT_THAT(e.what(), HasSubstr("Not a directory"));
  }
}

TEST_F(DiskStore, ADatabaseThatIsNoneIsOneSentence) {
  std::filesystem::create_directories(config_.folder);
  std::ofstream(config_.folder / "alerts.db") << std::string(4096, 'x');
  try {
    AlertStore store(config_);
    FAIL();
  } catch (const std::runtime_error& e) {
    EXPECT_THAT(e.what(), HasSubstr("alerts can't be stored: file is not a database"));
  }
}

}  // namespace
}  // namespace rearview

// What breaks under a store: alerts go on, it is told, and what memory holds is kept when it works.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <random>

#include "store/alert_store.h"
#include "store/archive_file.h"
#include "tests/support/eventually.h"

namespace rearview {
namespace {

namespace fs = std::filesystem;
using test::eventually;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;

/// Milliseconds since 1970 of long ago: ids that nobody could reserve are above it.
constexpr std::uint64_t kUnreserved = 1'600'000'000'000;

std::vector<std::uint64_t> ids(const std::vector<KeptAlert>& alerts) {
  std::vector<std::uint64_t> found;
  for (const Alert& alert : alerts) found.push_back(alert.id);
  return found;
}

class StoreFaults : public testing::Test {
 protected:
  ~StoreFaults() override {
    fs::remove_all(config_.folder);
    fs::remove_all(elsewhere_);
  }

  fs::path database() const { return config_.folder / "alerts.db"; }
  void sql(const std::string& text) const {
    SQLite::Database(database().string(), SQLite::OPEN_READWRITE, 5000).exec(text);
  }
  /// A store with alerts 1 to 3, the first with a snapshot; closed.
  void fill() const {
    AlertStore store(config_);
    for (int i = 0; i < 3; ++i) store.append(Alert());
    ASSERT_TRUE(store.attach_snapshot(1, store.media().write(store.media().snapshot(1), "jpeg")));
    ASSERT_TRUE(store.flush());
  }
  std::vector<std::uint64_t> on_disk() const { return ids(ArchiveFile(config_.folder).alerts({})); }
  bool has(const std::vector<std::uint64_t>& wanted) const {
    try {
      return testing::Value(on_disk(), IsSupersetOf(wanted));
    } catch (const std::exception&) {  // there is no database yet
      return false;
    }
  }

  StoreConfig config_{.folder = fs::temp_directory_path() /
                                ("store_faults_test_" + std::to_string(::getpid()))};
  const fs::path elsewhere_ = config_.folder.string() + "_elsewhere";
};

/// What a store tells of itself.
class Told {
 public:
  explicit Told(AlertStore& store) : store_(store) {
    store.on_alert([this](const Alert& alert) {
      const std::lock_guard lock(mutex_);
      alerts_.push_back(alert);
    });
  }
  ~Told() { store_.quiet(); }
  std::vector<Alert> alerts() const {
    const std::lock_guard lock(mutex_);
    return alerts_;
  }

 private:
  AlertStore& store_;
  mutable std::mutex mutex_;
  std::vector<Alert> alerts_;
};

TEST_F(StoreFaults, ADiskThatRefusesNeverStopsAlertsAndIsToldAndRecovers) {
  AlertStore store(config_);
  store.append(Alert());
  ASSERT_TRUE(store.flush());
  auto other = std::make_unique<SQLite::Database>(database().string(), SQLite::OPEN_READWRITE);
  other->exec("BEGIN IMMEDIATE");
  EXPECT_EQ(store.append(Alert()).id, 2u);
  EXPECT_FALSE(store.flush());
  EXPECT_THAT(store.status().problem, HasSubstr("locked"));
  EXPECT_EQ(store.status().waiting, 1u);
  EXPECT_THAT(ids(store.alerts({})), ElementsAre(1, 2));
  other.reset();
  while (!store.status().problem.empty()) store.flush();
  EXPECT_THAT(ids(store.alerts({})), ElementsAre(1, 2));
  EXPECT_TRUE(has({1, 2}));
  EXPECT_EQ(store.status().lost, 0u);
  EXPECT_EQ(store.status().failures, 1u);
  EXPECT_EQ(store.status().set_aside, "") << "nothing is wrong with it";
}

TEST_F(StoreFaults, WhatAListenerThrowsEndsNeitherTheStoreNorAWait) {
  AlertStore store(config_, [](const std::string& reason) { ADD_FAILURE() << reason; });
  store.append(Alert());
  store.on_change([](const AlertUpdate&) { throw 7; });
  EXPECT_THROW(store.set_locked(1, true), std::runtime_error);
  store.on_change([](const AlertUpdate&) { throw std::runtime_error("no listener"); });
  EXPECT_THROW(store.set_locked(1, false), std::runtime_error);
  store.on_change({});
  EXPECT_EQ(store.set_locked(1, true), Change::done);

  std::atomic<int> told = 0;
  store.on_alert([&told](const Alert&) {
    ++told;
    throw std::runtime_error("no listener");
  });
  auto other = std::make_unique<SQLite::Database>(database().string(), SQLite::OPEN_READWRITE);
  other->exec("BEGIN IMMEDIATE");
  store.append(Alert());
  ASSERT_TRUE(eventually([&] { return told > 0; }));
  other.reset();
  store.quiet();
  ASSERT_TRUE(eventually([&] { return store.status().problem.empty(); }));
  EXPECT_TRUE(has({1, 2}));
  EXPECT_EQ(store.set_locked(2, true), Change::done);
}

TEST_F(StoreFaults, WhatFellOutOfMemoryUnwrittenIsCounted) {
  config_.alerts_in_memory = 2;
  AlertStore store(config_);
  SQLite::Database other(database().string(), SQLite::OPEN_READWRITE);
  other.exec("BEGIN IMMEDIATE");
  for (int i = 0; i < 5; ++i) store.append(Alert());
  EXPECT_EQ(store.status().lost, 3u);
}

TEST_F(StoreFaults, OfTwoProgramsInAFolderTheSecondGoesOnFromMemoryAndTakesOver) {
  auto first = std::make_unique<AlertStore>(config_);
  const std::uint64_t old = first->append(Alert()).id;
  AlertStore second(config_);
  EXPECT_TRUE(second.is_anothers());
  EXPECT_THAT(second.status().problem, HasSubstr("another program keeps its alerts here"));
  const std::uint64_t id = second.append(Alert()).id;
  EXPECT_GT(id, kUnreserved) << "the other one gives the low ones";
  EXPECT_THAT(ids(second.alerts({})), ElementsAre(id));
  first.reset();
  ASSERT_TRUE(eventually([&] { return second.status().problem.empty(); }));
  EXPECT_TRUE(has({old, id}));
  EXPECT_FALSE(second.is_anothers());
}

TEST_F(StoreFaults, AFolderThatCannotBeUsedIsToldAndWrittenWhenItCan) {
  std::ofstream(config_.folder) << "a file, not a folder";
  AlertStore store(config_);
  EXPECT_THAT(store.status().problem, HasSubstr("Not a directory"));
  const std::uint64_t id = store.append(Alert()).id;
  EXPECT_GT(id, kUnreserved);
  EXPECT_EQ(store.alert(id)->id, id);
  EXPECT_THROW(store.set_locked(id, true), std::runtime_error);
  const Told told(store);
  ASSERT_TRUE(eventually([&] { return !told.alerts().empty(); }));
  EXPECT_EQ(told.alerts()[0].kind, AlertKind::store_failed);
  EXPECT_EQ(told.alerts()[0].level, AlertLevel::warning);
  EXPECT_THAT(told.alerts()[0].text, HasSubstr("Not a directory"));
  EXPECT_GT(told.alerts()[0].id, id);
  fs::remove(config_.folder);
  ASSERT_TRUE(eventually([&] { return told.alerts().size() == 2; }));
  EXPECT_EQ(told.alerts()[1].kind, AlertKind::store_back);
  EXPECT_EQ(store.status().problem, "");
  EXPECT_TRUE(has({id, told.alerts()[0].id}));
}

TEST_F(StoreFaults, ADamagedStoreIsSetAsideWithItsPicturesAndNumbersGoOn) {
  const auto truncate = [this] { fs::resize_file(database(), fs::file_size(database()) / 2); };
  const auto nearly_empty = [this] { fs::resize_file(database(), 2048); };
  const auto overwrite = [this] { std::ofstream(database()) << std::string(40'960, 'x'); };
  const auto drop = [this] { sql("DROP TABLE alerts"); };
  const auto empty_ids = [this] { sql("DROP TABLE ids"); };
  for (const std::function<void()>& damage :
       std::vector<std::function<void()>>{truncate, nearly_empty, overwrite, drop, empty_ids}) {
    fs::remove_all(config_.folder);
    fill();
    damage();
    AlertStore store(config_);
    const fs::path aside = config_.folder / "set-aside-1";
    EXPECT_EQ(store.status().set_aside, aside.string());
    EXPECT_THAT(store.status().last_problem, HasSubstr("is damaged"));
    EXPECT_EQ(store.status().problem, "");
    EXPECT_TRUE(fs::exists(aside / "alerts.db"));
    EXPECT_TRUE(fs::exists(aside / "snapshots" / "1.jpg"));
    const std::uint64_t id = store.append(Alert()).id;
    EXPECT_GT(id, 3u);
    EXPECT_LT(id, kUnreserved) << "the mark beside the database knows";
    EXPECT_TRUE(store.flush());
    EXPECT_THAT(on_disk(), ElementsAre(id));
  }
}

TEST_F(StoreFaults, NoMoreThanThreeAreSetAside) {
  for (int i = 0; i < 5; ++i) {
    fs::create_directories(config_.folder);
    std::ofstream(database()) << std::string(4096, static_cast<char>('a' + i));
    AlertStore store(config_);
  }
  const auto first_of = [this](const char* name) {
    return std::ifstream(config_.folder / name / "alerts.db").get();
  };
  EXPECT_EQ(first_of("set-aside-1"), 'a');
  EXPECT_EQ(first_of("set-aside-2"), 'b');
  EXPECT_EQ(first_of("set-aside-3"), 'e');
}

TEST_F(StoreFaults, NumbersGoOnWithoutTheDatabase) {
  fill();
  fs::remove(database());
  AlertStore store(config_);
  EXPECT_GT(store.append(Alert()).id, 3u);
  EXPECT_TRUE(fs::exists(config_.folder / "set-aside-1" / "snapshots" / "1.jpg"));
}

TEST_F(StoreFaults, ADatabaseOfANewerVersionIsLeftAsItIs) {
  fill();
  sql("PRAGMA user_version = 99");
  AlertStore store(config_);
  EXPECT_THAT(store.status().problem, HasSubstr("newer version"));
  EXPECT_GT(store.append(Alert()).id, kUnreserved);
  EXPECT_FALSE(fs::exists(config_.folder / "set-aside-1"));
}

TEST_F(StoreFaults, WhatGoesMissingUnderTheStoreIsNoticedAndWrittenAnew) {
  const std::vector<std::pair<const char*, std::function<void()>>> faults{
      {"folder deleted", [this] { fs::remove_all(config_.folder); }},
      {"folder renamed", [this] { fs::rename(config_.folder, elsewhere_); }},
      {"database deleted", [this] { fs::remove(database()); }},
      {"database replaced",
       [this] {
         std::ofstream(elsewhere_) << "rubbish";
         fs::rename(elsewhere_, database());
       }},
      {"log deleted", [this] { fs::remove(database().string() + "-wal"); }},
      {"lock deleted", [this] { fs::remove(config_.folder / "lock"); }},
      {"database overwritten", [this] { std::ofstream(database()) << std::string(100'000, 'x'); }},
      {"database truncated", [this] { fs::resize_file(database(), 100); }}};
  for (const auto& [what, fault] : faults) {
    SCOPED_TRACE(what);
    fs::remove_all(config_.folder);
    fs::remove_all(elsewhere_);
    AlertStore store(config_);
    std::vector<std::uint64_t> given;
    for (int i = 0; i < 5; ++i) given.push_back(store.append(Alert()).id);
    ASSERT_TRUE(store.flush());
    ASSERT_EQ(store.set_locked(given[0], true), Change::done);
    fault();
    ASSERT_TRUE(eventually([&] {
      given.push_back(store.append(Alert()).id);
      store.flush();
      return store.status().failures > 0 && store.status().problem.empty() && has(given);
    }));
    EXPECT_THAT(ids(store.alerts({.limit = 10'000})), IsSupersetOf(given));
    EXPECT_TRUE(std::is_sorted(given.begin(), given.end()));
    EXPECT_TRUE(ArchiveFile(config_.folder).alert(given[0])->keeping.locked);
  }
}

TEST_F(StoreFaults, ARowThatIsNotTakenHoldsUpNoOther) {
  AlertStore store(config_);
  sql("CREATE TRIGGER refuse BEFORE INSERT ON alerts WHEN NEW.kind = 'overtake' "
      "BEGIN SELECT RAISE(ABORT, 'not this one'); END");
  for (const AlertKind kind :
       {AlertKind::fast_approach, AlertKind::overtake, AlertKind::all_clear}) {
    Alert alert;
    alert.kind = kind;
    alert.text = "caf\xe9";  // Latin-1, as a camera's message may be
    store.append(alert);
  }
  EXPECT_TRUE(store.flush());
  EXPECT_THAT(on_disk(), ElementsAre(1, 3));
  EXPECT_EQ(ArchiveFile(config_.folder).alert(1)->text, "caf\xef\xbf\xbd");
  EXPECT_EQ(store.alert(1)->text, "caf\xef\xbf\xbd") << "it reads the same before and after";
  EXPECT_EQ(store.status().rejected, 1u);
  EXPECT_THAT(store.status().rejected_why, HasSubstr("alert 2: not this one"));
  EXPECT_EQ(store.status().problem, "");
}

TEST_F(StoreFaults, ARowThatWasSpoiltEndsForItself) {
  config_.alerts_in_memory = 1;
  {
    AlertStore store(config_);
    store.camera_seen("rear", WallClock::now(), true);
    store.camera_seen("side", WallClock::now(), true);
    for (int i = 0; i < 6; ++i) {
      store.append(Alert());
      ASSERT_TRUE(store.flush());
    }
  }
  sql("UPDATE alerts SET json = 'rubbish' WHERE id = 1");
  sql("UPDATE alerts SET json = '{\"id\": 7}' WHERE id = 2");
  sql("UPDATE alerts SET json = replace(json, '\"id\":3', '\"id\":999') WHERE id = 3");
  sql("UPDATE alerts SET json = x'ff00', clip = 'text', snapshot_bytes = -5 WHERE id = 4");
  sql("UPDATE alerts SET time_ms = 9223372036854775807, snapshot_bytes = 9223372036854775807");
  sql("UPDATE rides SET unseen = '[[1,2],\"x\"]', start_ms = -9223372036854775808 WHERE id = 1");
  sql("UPDATE rides SET unseen = '[[-5,1e300]]', seen_ms = 9223372036854775807 WHERE id = 2");
  AlertStore store(config_);
  EXPECT_EQ(store.status().problem, "");
  EXPECT_EQ(store.status().set_aside, "");
  EXPECT_THAT(ids(store.alerts({})), ElementsAre(3, 5, 6));
  EXPECT_THAT(ids(store.alerts({.limit = 1})), ElementsAre(3)) << "a page is as full as it can be";
  ASSERT_EQ(store.rides({}).size(), 1u);
  EXPECT_EQ(store.rides({})[0].unseen_s(), 86'400) << "nobody saw all of the day";
  store.append(Alert());
  EXPECT_TRUE(store.flush());
}

TEST_F(StoreFaults, WhateverTheDatabaseHoldsAlertsGoOn) {
  fill();
  std::ifstream in(database(), std::ios::binary);
  const std::string good((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  in.close();
  std::mt19937 random(20261129);
  const auto below = [&random](std::size_t most) {
    return std::uniform_int_distribution<std::size_t>(0, most - 1)(random);
  };
  constexpr int kRounds = 60;
  int stored = 0;
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE(round);
    std::string bytes = good;
    for (std::size_t flips = 1 + below(30); flips > 0; --flips)
      bytes[below(round % 2 == 0 ? bytes.size() : 200)] = static_cast<char>(below(256));
    if (round % 5 == 0) bytes.resize(below(bytes.size()));
    fs::remove_all(config_.folder / "set-aside-1");
    for (const char* ending : {"-wal", "-shm"}) fs::remove(database().string() + ending);
    std::ofstream(database(), std::ios::binary) << bytes;
    AlertStore store(config_);
    std::uint64_t id = 0;
    for (int i = 0; i < 3; ++i) {
      const std::uint64_t next = store.append(Alert()).id;
      ASSERT_GT(next, std::max<std::uint64_t>(id, 3));
      id = next;
    }
    // Or it is told: bytes may say that it is of a newer version, or read-only.
    EXPECT_TRUE(eventually([&] { return store.flush() || !store.status().problem.empty(); }));
    EXPECT_TRUE(store.alert(id));
    store.alerts({.limit = 1000});
    for (const auto& look : std::vector<std::function<void()>>{
             [&] { store.rides({}); }, [&] { store.passes({}); }, [&] { store.track(1); },
             [&] { store.snapshot(1); }, [&] { store.set_locked(id, true); },
             [&] { store.remove(1); }}) {
      try {
        look();
      } catch (const std::exception&) {  // may not be readable, and says so
      }
    }
    EXPECT_GT(store.append(Alert()).id, id);
    if (store.flush()) ++stored;
  }
  EXPECT_GT(stored, kRounds / 2);
}

}  // namespace
}  // namespace rearview

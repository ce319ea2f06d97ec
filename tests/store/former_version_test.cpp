#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "base/temporary_folder.h"
#include "store/alert_store.h"
#include "types/json.h"

namespace rearview {
namespace {

/// Without the fields that came later, which have to be null.
std::string as_written(const std::string& json, const std::string& written) {
  const auto before = nlohmann::ordered_json::parse(written);
  const auto all = nlohmann::ordered_json::parse(json);
  auto now = all;
  for (const auto& [key, value] : all.items()) {
    if (before.contains(key)) continue;
    EXPECT_TRUE(value.is_null()) << key;
    now.erase(key);
  }
  return now.dump();
}

TEST(FormerVersion, AStoreReadsAsItWasWritten) {
  const TemporaryFolder temporary;
  const StoreConfig config{.folder = temporary / "store", .keep_days = 0};
  std::filesystem::create_directories(config.folder);
  const std::string file = (config.folder / "alerts.db").string();
  ASSERT_EQ(std::system(("sqlite3 " + file + " < " REARVIEW_FORMER_STORE).c_str()), 0);
  AlertStore store(config);
  {
    const SQLite::Database check(file, SQLite::OPEN_READONLY, 1000);
    SQLite::Statement rows(check, "SELECT id, json FROM alerts");
    for (int i = 0; i < 4; ++i) {
      ASSERT_TRUE(rows.executeStep());
      const auto alert = store.alert(static_cast<std::uint64_t>(rows.getColumn(0).getInt64()));
      ASSERT_TRUE(alert);
      EXPECT_EQ(as_written(*alert->json, rows.getColumn(1).getString()),
                rows.getColumn(1).getString());
      EXPECT_TRUE(alert->keeping.locked);
      EXPECT_EQ(alert->keeping.ride, 1u);
    }
  }
  EXPECT_TRUE(std::holds_alternative<AlertApproach>(store.alert(1)->about));
  EXPECT_TRUE(std::holds_alternative<std::monostate>(store.alert(2)->about));
  EXPECT_EQ(std::get<AlertPass>(store.alert(3)->about).pass_t_s, 5.214);
  EXPECT_EQ(std::get<AlertBlindness>(store.alert(4)->about).blind_s, 3.02);
  EXPECT_EQ(message_of(store.ride(1).value()),
            R"({"id":1,"camera":"rear","start":"2026-11-30T03:26:41.652Z",)"
            R"("end":"2026-11-30T03:27:26.147Z","duration_s":45.0,"distance_m":301.0,)"
            R"("moving_s":44.0,"located_s":44.0,"passes":1,"close_passes":1,"alerts":4,)"
            R"("locked":true,"unseen_s":2})");
  const auto passes = store.passes({});
  ASSERT_EQ(passes.size(), 2u);
  EXPECT_EQ(message_of(passes[0]),
            R"({"id":3,"ride":1,"alert":3,"camera":"rear","time":"2026-11-30T03:26:46.911Z",)"
            R"("kind":"close_pass","class":"motorcycle","side":"left","lead_s":2.61,)"
            R"("lateral_m":1.1,"closing_mps":0.96,)"
            R"("position":{"lat":48.137155,"lon":11.575432,"accuracy_m":3.6},)"
            R"("rider_speed_mps":6.94,"ride_distance_m":35.0})");
  EXPECT_EQ(message_of(passes[1]),
            R"({"id":9,"ride":null,"alert":null,"camera":"rear","time":"2026-11-30T03:26:46.912Z",)"
            R"("kind":"overtake","class":"van","side":"unknown","lead_s":null,"lateral_m":null,)"
            R"("closing_mps":null,"position":null,"rider_speed_mps":null,"ride_distance_m":null})");
  const auto track = store.track(1);
  ASSERT_EQ(track.size(), 1u);
  EXPECT_EQ(track[0].t_s, 5);
  EXPECT_EQ(track[0].position.lat_deg, 48.1371549);
  EXPECT_EQ(track[0].position.accuracy_m, std::nullopt);
  EXPECT_EQ(track[0].speed_mps, 6.944);
  EXPECT_EQ(track[0].distance_m, 34.5);

  // What it had no room for, begins empty, and can be written.
  EXPECT_EQ(store.alert(1)->keeping.mark, std::nullopt);
  EXPECT_THAT(store.missed({}), testing::IsEmpty());
  EXPECT_EQ(store.set_mark(1, Mark::right), Change::done);
  const auto moment = store.add_missed({.camera = "rear", .time = store.ride(1)->start});
  ASSERT_TRUE(moment);
  EXPECT_GE(moment->id, 10u);
  EXPECT_EQ(moment->ride, 1u);
  EXPECT_EQ(moment->clip, ClipState::none);
}

/// As docs/upgrade.md says it.
TEST(FormerVersion, ABackupOfAStoreInUseIsWholeAndNoNumberIsGivenAgain) {
  const TemporaryFolder temporary;
  const StoreConfig used{.folder = temporary / "used"};
  const StoreConfig restored{.folder = temporary / "restored"};
  std::filesystem::create_directories(restored.folder);
  std::uint64_t newest = 0;
  {
    AlertStore store(used);
    for (int i = 0; i < 3; ++i) store.append(Alert());
    ASSERT_TRUE(store.flush());
    ASSERT_EQ(store.set_locked(2, true), Change::done);
    const std::string backup = "sqlite3 " + (used.folder / "alerts.db").string() + " \".backup " +
                               (restored.folder / "alerts.db").string() + "\"";
    ASSERT_EQ(std::system(backup.c_str()), 0);
    constexpr int kMoreThanAreReserved = 2500;
    for (int i = 0; i < kMoreThanAreReserved; ++i) newest = store.append(Alert()).id;
    ASSERT_TRUE(store.flush());
  }
  std::filesystem::copy_file(used.folder / "next_ids", restored.folder / "next_ids");
  AlertStore store(restored);
  EXPECT_TRUE(store.status().problem.empty()) << store.status().problem;
  EXPECT_TRUE(store.alert(3));
  EXPECT_TRUE(store.alert(2)->keeping.locked);
  EXPECT_FALSE(store.alert(4));
  EXPECT_GT(store.append(Alert()).id, newest);
}

}  // namespace
}  // namespace rearview

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <fstream>
#include <random>

#include "base/temporary_folder.h"
#include "store/alert_store.h"
#include "tests/support/eventually.h"

namespace rearview {
namespace {

using test::eventually;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

class RideRemoval : public testing::Test {
 protected:
  /// On the ride of a camera a vehicle passes: two alerts with snapshots, one clip.
  void encounter(AlertStore& store, const std::string& camera) const {
    store.camera_seen(camera, WallClock::now(), true);
    store.rider_moved({SteadyClock::now(), {48.1, 11.5, 3.0}, 6.0, {}}, true);
    Alert alert;
    alert.camera = camera;
    alert.time = WallClock::now();
    alert.about = AlertApproach{{.track_id = 7}};
    std::vector<std::uint64_t> ids;
    for (const bool passes : {false, true}) {
      if (passes) alert.about = AlertPass{{.track_id = 7}, 13};
      alert.kind = passes ? AlertKind::overtake : AlertKind::vehicle_approaching;
      ids.push_back(store.append(alert).id);
      store.attach_snapshot(ids.back(), put(store.media().snapshot(ids.back())));
    }
    store.attach_clip(
        ids.front(), ids,
        put(store.media().clip(ids.front())) + put(store.media().tracks(ids.front())));
  }
  static std::uint64_t put(const std::filesystem::path& file) {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << "whole";
    return 5;
  }
  std::vector<std::string> files() const {
    std::vector<std::string> found;
    for (const char* folder : {"clips", "snapshots"}) {
      for (const auto& one : std::filesystem::directory_iterator(config_.folder / folder))
        found.push_back(one.path().filename());
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  /// Two rides that ended: 1 of "rear" with alerts 1 and 2, 2 of "left" with 3 and 4.
  void make_two() const {
    AlertStore store(config_);
    encounter(store, "rear");
    encounter(store, "left");
    ASSERT_TRUE(store.flush());
  }

  const TemporaryFolder temporary_;
  StoreConfig config_{.folder = temporary_ / "store"};
};

TEST_F(RideRemoval, TakesAllThatIsOfTheRideAndNothingElse) {
  make_two();
  std::vector<std::uint64_t> told;
  {
    AlertStore store(config_);
    store.on_change([&told](const AlertUpdate& update) {
      if (update.deleted) told.push_back(update.id);
    });
    EXPECT_EQ(store.status().media_bytes, 40u);
    EXPECT_EQ(store.remove_ride(1).change, Change::done);
    EXPECT_EQ(store.remove_ride(1).change, Change::unknown);
    EXPECT_EQ(store.status().media_bytes, 20u);
    EXPECT_TRUE(eventually([this] { return files().size() == 4; }));
  }
  EXPECT_THAT(told, ElementsAre(1, 2));
  const AlertStore store(config_);
  EXPECT_FALSE(store.ride(1));
  EXPECT_FALSE(store.alert(1));
  EXPECT_FALSE(store.alert(2));
  EXPECT_THAT(store.passes({.ride = 1}), IsEmpty());
  EXPECT_THAT(store.track(1), IsEmpty());
  EXPECT_EQ(store.ride(2)->alerts, 2u);
  EXPECT_THAT(store.passes({}), SizeIs(1));
  EXPECT_THAT(store.track(2), SizeIs(1));
  EXPECT_THAT(files(), ElementsAre("3.jpg", "3.json", "3.mp4", "4.jpg"));
}

TEST_F(RideRemoval, LeavesOneThatHoldsLockedAlerts) {
  make_two();
  AlertStore store(config_);
  for (const std::uint64_t alert : {1U, 2U}) store.set_locked(alert, true);
  const RideChange refused = store.remove_ride(1);
  EXPECT_EQ(refused.change, Change::locked);
  EXPECT_EQ(refused.locked, 2u);
  EXPECT_EQ(store.ride(1)->alerts, 2u);
  for (const std::uint64_t alert : {1U, 2U}) store.set_locked(alert, false);
  EXPECT_EQ(store.remove_ride(1).change, Change::done);
}

TEST_F(RideRemoval, LeavesOneThatGoesOnAndGoesOnWithNoneThatIsGone) {
  {
    AlertStore store(config_);
    encounter(store, "rear");
    EXPECT_EQ(store.remove_ride(1).change, Change::open);
    EXPECT_EQ(store.ride(1)->alerts, 2u);
  }
  const auto ride_of_next = [](AlertStore& store) {
    store.camera_seen("rear", WallClock::now(), true);
    return store.append(Alert{.camera = "rear"}).keeping.ride;
  };
  {
    AlertStore store(config_);
    EXPECT_EQ(store.remove_ride(1).change, Change::done);
    EXPECT_EQ(ride_of_next(store), 2u);
    ASSERT_TRUE(store.flush());
    EXPECT_FALSE(store.ride(1));
  }
  EXPECT_EQ(AlertStore(config_).remove_ride(2).change, Change::done);
  AlertStore store(config_);
  EXPECT_EQ(ride_of_next(store), 3u) << "no id is used twice";
}

TEST_F(RideRemoval, AKillLeavesNoHalfOfIt) {
  std::minstd_rand random(7);
  int gone = 0;
  for (int i = 0; i < 6; ++i) {
    std::filesystem::remove_all(config_.folder);
    make_two();
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      AlertStore store(config_);
      // The database has changed, and no file yet.
      if (i == 0) store.on_change([](const AlertUpdate&) { raise(SIGKILL); });
      if (write(ready[1], "", 1) != 1) _exit(1);
      store.remove_ride(1);
      pause();
    }
    char byte = 0;
    ASSERT_EQ(read(ready[0], &byte, 1), 1);
    if (i > 0) {
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 4000));
      kill(child, SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    for (const int end : ready) close(end);
    const AlertStore store(config_);
    const bool kept = store.ride(1).has_value();
    gone += !kept;
    EXPECT_EQ(store.alerts({}).size(), kept ? 4u : 2u);
    EXPECT_EQ(store.passes({}).size(), kept ? 2u : 1u);
    EXPECT_EQ(store.track(1).size(), kept ? 1u : 0u);
    EXPECT_EQ(files().size(), kept ? 8u : 4u);
  }
  EXPECT_GE(gone, 1);
}

}  // namespace
}  // namespace rearview

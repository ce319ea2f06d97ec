#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/temporary_folder.h"
#include "store/alert_store.h"
#include "tests/support/eventually.h"

namespace rearview {
namespace {

using test::eventually;
using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;

class Marks : public testing::Test {
 protected:
  Marks() { open(); }

  void open() {
    store_.reset();
    store_.emplace(config_);
    store_->on_change([this](const AlertUpdate& update) { told_.push_back(update); });
    store_->on_missed([this](const MissedUpdate& update) { missed_told_.push_back(update); });
  }
  std::uint64_t raise() {
    store_->camera_seen("rear", now_, true);
    Alert alert;
    alert.camera = "rear";
    alert.time = now_;
    alert.about = AlertApproach{{.track_id = 7}};
    return store_->append(alert).id;
  }
  /// An alert with a clip of so much.
  std::uint64_t raise_with_clip(const std::optional<ClipSpan>& span) {
    const std::uint64_t id = raise();
    for (const auto& file : {store_->media().clip(id), store_->media().tracks(id)}) {
      std::filesystem::create_directories(file.parent_path());
      std::ofstream(file) << "whole";
    }
    EXPECT_TRUE(store_->attach_clip(id, {id}, 10, span));
    return id;
  }
  std::optional<Missed> miss(WallTime time, const std::string& note = "") {
    return store_->add_missed({.camera = "rear", .time = time, .note = note});
  }
  /// So that it can be deleted.
  void end_the_ride() {
    store_->flush();
    config_.ride_gap_s = 1;
    now_ += 1h;
    open();
  }

  const TemporaryFolder temporary_;
  StoreConfig config_{.folder = temporary_ / "store", .keep_days = 0};
  // As the database holds times.
  WallTime now_ = std::chrono::floor<std::chrono::milliseconds>(WallClock::now());
  std::vector<AlertUpdate> told_;
  std::vector<MissedUpdate> missed_told_;
  std::optional<AlertStore> store_;
};

TEST_F(Marks, AMarkIsToldOfOutlivesARestartAndIsTakenBack) {
  const std::uint64_t id = raise();
  EXPECT_EQ(store_->alert(id)->keeping.mark, std::nullopt);
  EXPECT_EQ(store_->set_mark(id, Mark::wrong), Change::done);
  EXPECT_EQ(store_->alert(id)->keeping.mark, Mark::wrong);
  EXPECT_EQ(store_->set_mark(id, Mark::late), Change::done);
  ASSERT_EQ(told_.size(), 2u);
  EXPECT_EQ(told_[0].keeping.mark, Mark::wrong);
  EXPECT_EQ(told_[1].keeping.mark, Mark::late);
  EXPECT_EQ(store_->set_mark(id + 1, Mark::right), Change::unknown);
  open();
  EXPECT_EQ(store_->alert(id)->keeping.mark, Mark::late);
  EXPECT_EQ(store_->set_mark(id, std::nullopt), Change::done);
  EXPECT_EQ(told_.back().keeping.mark, std::nullopt);
  open();
  EXPECT_EQ(store_->alert(id)->keeping.mark, std::nullopt);
}

TEST_F(Marks, AMissedMomentIsOfItsRideAndOfOneCountWithAlerts) {
  const std::uint64_t alert = raise();
  const auto moment = miss(now_, "white van; \xff");
  ASSERT_TRUE(moment);
  EXPECT_EQ(moment->id, alert + 1);
  EXPECT_EQ(moment->ride, 1u);
  EXPECT_EQ(moment->note, "white van; \xef\xbf\xbd");
  EXPECT_EQ(moment->clip, ClipState::none);
  EXPECT_EQ(raise(), alert + 2);
  ASSERT_EQ(missed_told_.size(), 1u);
  EXPECT_FALSE(missed_told_[0].deleted);
  EXPECT_EQ(missed_told_[0].moment.id, moment->id);
  open();
  const auto kept = store_->missed({});
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(kept[0].id, moment->id);
  EXPECT_EQ(kept[0].time, now_);
  EXPECT_EQ(kept[0].note, moment->note);
  EXPECT_THAT(store_->missed({.after = moment->id}), IsEmpty());
  EXPECT_THAT(store_->missed({.ride = 2}), IsEmpty());
  EXPECT_GT(raise(), alert + 2);
  EXPECT_EQ(store_->remove_missed(moment->id), Change::done);
  EXPECT_TRUE(missed_told_.back().deleted);
  EXPECT_EQ(store_->remove_missed(moment->id), Change::unknown);
}

TEST_F(Marks, NobodyMissesAnythingWhereNoCameraWasOnARide) {
  raise();
  EXPECT_FALSE(miss(now_ - 1h));
  EXPECT_FALSE(store_->add_missed({.camera = "left", .time = now_}));
  EXPECT_TRUE(miss(now_ + std::chrono::seconds(config_.ride_gap_s)));
  EXPECT_FALSE(miss(now_ + std::chrono::seconds(config_.ride_gap_s + 1)));
}

TEST_F(Marks, GoWithTheirRide) {
  raise();
  const auto moment = miss(now_);
  ASSERT_TRUE(store_->attach_clip(moment->id, {moment->id}, 10));
  EXPECT_EQ(store_->missed({})[0].clip, ClipState::kept);
  EXPECT_EQ(store_->status().media_bytes, 10u);
  end_the_ride();
  ASSERT_EQ(store_->remove_ride(1).change, Change::done);
  EXPECT_THAT(store_->missed({}), IsEmpty());
  EXPECT_TRUE(eventually([this] { return store_->status().media_bytes == 0; }));
  store_.reset();
  EXPECT_TRUE(missed_told_.back().deleted);
}

TEST_F(Marks, WhoseClipIsBeingRecordedIsNotDeleted) {
  raise();
  store_->on_footage([this](const Missed& moment) {
    store_->hold(moment.id);
    return true;
  });
  const auto moment = miss(now_);
  EXPECT_EQ(moment->clip, ClipState::coming);
  EXPECT_EQ(store_->missed({})[0].clip, ClipState::coming);
  EXPECT_EQ(store_->remove_missed(moment->id), Change::open);
  store_->release({moment->id});
  EXPECT_EQ(store_->missed({})[0].clip, ClipState::none);
  EXPECT_EQ(store_->remove_missed(moment->id), Change::done);
}

TEST_F(Marks, AMomentThatAVehiclesClipShowsHasThatClipUntilBothAreGone) {
  const std::uint64_t alert = raise_with_clip(ClipSpan{"rear", now_ + 10s, now_ + 20s});
  EXPECT_EQ(miss(now_ + 9s)->clip, ClipState::none);
  const auto moment = miss(now_ + 15s);
  EXPECT_EQ(moment->clip, ClipState::kept);
  EXPECT_EQ(store_->missed_clip(moment->id), store_->media().clip(alert));
  EXPECT_EQ(store_->missed_tracks(moment->id), store_->media().tracks(alert));
  EXPECT_EQ(store_->remove(alert), Change::done);
  EXPECT_TRUE(std::filesystem::exists(store_->media().clip(alert)));
  EXPECT_EQ(store_->remove_missed(moment->id), Change::done);
  EXPECT_FALSE(std::filesystem::exists(store_->media().clip(alert)));
  EXPECT_EQ(store_->status().media_bytes, 0u);
}

TEST_F(Marks, AClipThatMakesRoomLeavesItsMoments) {
  const std::uint64_t alert = raise_with_clip(ClipSpan{"rear", now_, now_ + 20s});
  const auto moment = miss(now_ + 15s);
  store_.reset();
  StoreDatabase database(config_.folder);
  database.open();
  EXPECT_THAT(database.remove_oldest_media(1000).clips, ElementsAre(alert));
  EXPECT_EQ(database.read([](const StoreReader& reader) { return reader.missed({}); })[0].clip,
            ClipState::none);
}

TEST_F(Marks, TheOldestGoWhenThereAreTooManyAndThoseOfRidesThatAreGone) {
  raise();
  std::vector<std::uint64_t> ids;
  for (int i = 0; i < 4; ++i) ids.push_back(miss(now_)->id);
  store_.reset();
  StoreDatabase database(config_.folder);
  database.open();
  const Removed removed = database.remove_surplus_missed(3);
  ASSERT_EQ(removed.missed.size(), 1u);
  EXPECT_EQ(removed.missed[0].id, ids[0]);
  database.remove_surplus_history(0);
  EXPECT_EQ(database.remove_surplus_missed(3).missed.size(), 3u);
}

TEST_F(Marks, WorkInMemory) {
  config_.folder.clear();
  open();
  const std::uint64_t id = raise();
  EXPECT_EQ(store_->set_mark(id, Mark::right), Change::done);
  EXPECT_EQ(store_->alert(id)->keeping.mark, Mark::right);
  EXPECT_EQ(miss(now_)->clip, ClipState::none);
  EXPECT_EQ(store_->missed({}).size(), 1u);
}

}  // namespace
}  // namespace rearview

#include "app/event_bus.h"

#include <gtest/gtest.h>

#include <atomic>
#include <new>
#include <string>
#include <thread>
#include <vector>

namespace rearview {
namespace {

AnalysisPtr analysis(std::uint64_t seq) {
  Analysis made;
  made.seq = seq;
  return std::make_shared<const Analysis>(made);
}

Alert alert(std::uint64_t frame_seq) {
  Alert made;
  made.frame_seq = frame_seq;
  return made;
}

struct Scribe : CameraListener {
  void analysis(std::size_t camera, const AnalysisPtr& analysis) override {
    told.push_back(std::to_string(camera) + " analysis " + std::to_string(analysis->seq));
    if (during) during();
  }
  void alert(std::size_t camera, const AlertPtr& alert, const Annotated&) override {
    told.push_back(std::to_string(camera) + " alert " + std::to_string(alert->id));
  }
  std::vector<std::string> told;
  std::function<void()> during;
};

class EventBusTest : public testing::Test {
 protected:
  std::atomic<std::uint64_t> ids_ = 0;
  EventBus bus_{2, [this](const Alert& raised, const Annotated&) {
                  KeptAlert kept{raised};
                  kept.id = ++ids_;
                  return std::make_shared<const KeptAlert>(kept);
                }};
};

TEST_F(EventBusTest, EverybodyHearsTheSameInTheSameOrder) {
  Scribe first;
  Scribe second;
  bus_.add(first);
  bus_.add(second);
  bus_.put(0, alert(1), {});
  bus_.put(0, analysis(1));
  bus_.put(1, analysis(7));
  bus_.deliver(0);
  EXPECT_EQ(first.told, (std::vector<std::string>{"0 alert 1", "0 analysis 1"}));
  bus_.deliver(1);
  EXPECT_EQ(first.told.back(), "1 analysis 7");
  EXPECT_EQ(first.told, second.told);
  EXPECT_EQ(ids_, 1U) << "one number an alert, however many hear of it";
}

TEST_F(EventBusTest, WhatAListenerThrowsKeepsNothingFromTheOthers) {
  Scribe first;
  Scribe broken;
  Scribe last;
  broken.during = [] { throw std::bad_alloc(); };
  for (Scribe* one : {&first, &broken, &last}) bus_.add(*one);
  bus_.put(0, analysis(1));
  bus_.put(0, alert(2), {});
  EXPECT_THROW(bus_.deliver(0), std::bad_alloc);
  bus_.deliver(0);
  for (const Scribe* one : {&first, &broken, &last})
    EXPECT_EQ(one->told, (std::vector<std::string>{"0 analysis 1", "0 alert 1"}));
}

TEST_F(EventBusTest, WhoWasRemovedHearsNoMore) {
  Scribe gone;
  Scribe stays;
  bus_.add(gone);
  bus_.add(stays);
  bus_.remove(gone);
  bus_.put(0, analysis(1));
  bus_.deliver(0);
  EXPECT_TRUE(gone.told.empty());
  EXPECT_EQ(stays.told.size(), 1U);
}

TEST_F(EventBusTest, AListenerMayAskWhoPutWhatItHears) {
  std::mutex of_the_camera;
  Scribe listener;
  listener.during = [&] { const std::lock_guard lock(of_the_camera); };
  bus_.add(listener);
  {
    const std::lock_guard lock(of_the_camera);
    bus_.put(0, analysis(1));
  }
  bus_.deliver(0);
  EXPECT_EQ(listener.told.size(), 1U);
}

TEST_F(EventBusTest, OrderHoldsWhenManyThreadsDeliver) {
  Scribe listener;
  bus_.add(listener);
  constexpr std::uint64_t kEach = 500;
  std::mutex order;
  std::uint64_t next = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        for (std::uint64_t n = 0; n < kEach; ++n) {
          {
            const std::lock_guard lock(order);
            bus_.put(0, analysis(++next));
          }
          bus_.deliver(0);
        }
      });
  }
  ASSERT_EQ(listener.told.size(), 4 * kEach);
  for (std::uint64_t n = 0; n < listener.told.size(); ++n)
    ASSERT_EQ(listener.told[n], "0 analysis " + std::to_string(n + 1));
}

}  // namespace
}  // namespace rearview

#include "base/worker.h"

#include <gtest/gtest.h>

#include <future>
#include <new>
#include <stdexcept>
#include <string>

namespace rearview {
namespace {

TEST(Worker, WhatEscapesTheBodyIsToldWithItsName) {
  std::promise<std::string> told;
  Worker worker;
  worker.start(
      "watch", [](std::stop_token) { throw std::runtime_error("no room"); },
      [&](const std::string& reason) { told.set_value(reason); });
  EXPECT_EQ(told.get_future().get(), "watch: no room");
}

TEST(Worker, WhatIsNoExceptionIsToldToo) {
  std::promise<std::string> told;
  Worker worker;
  worker.start(
      "watch", [](std::stop_token) { throw 7; },
      [&](const std::string& reason) { told.set_value(reason); });
  EXPECT_EQ(told.get_future().get(), "watch: something that is no exception was thrown");
}

TEST(Worker, WhatPersistsBeginsAgainAndTellsEachTime) {
  std::promise<std::string> told;
  std::promise<void> again;
  int runs = 0;
  Worker worker;
  worker.persist(
      "watch",
      [&](std::stop_token stop) {
        if (++runs == 1) throw std::bad_alloc();
        again.set_value();
        while (!stop.stop_requested()) std::this_thread::yield();
      },
      [&](const std::string& reason) { told.set_value(reason); });
  EXPECT_EQ(told.get_future().get(), "watch: std::bad_alloc");
  again.get_future().wait();
  worker.stop();
  EXPECT_EQ(runs, 2);
}

TEST(Worker, WhatPersistsEndsWhenItIsAskedInItsPause) {
  std::promise<void> told;
  Worker worker;
  worker.persist(
      "watch", [](std::stop_token) { throw std::runtime_error("no room"); },
      [&](const std::string&) {
        told.set_value();
        throw std::bad_alloc();  // even that
      });
  told.get_future().wait();
  worker.stop();
}

TEST(Worker, StopsWhenAskedAndCanBeginAgain) {
  Worker worker;
  worker.ask_to_stop();
  worker.stop();
  for (int round = 0; round < 2; ++round) {
    std::promise<void> begun;
    worker.start(
        "wait",
        [&](std::stop_token stop) {
          begun.set_value();
          while (!stop.stop_requested()) std::this_thread::yield();
        },
        [](const std::string& reason) { ADD_FAILURE() << reason; });
    begun.get_future().wait();
    worker.ask_to_stop();
    worker.stop();
    worker.stop();
  }
}

}  // namespace
}  // namespace rearview

#include "base/hangup_watcher.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <future>
#include <new>

namespace rearview {
namespace {

TEST(HangupWatcher, WhatItsCallThrowsEndsThatCallAlone) {
  HangupWatcher watcher;
  std::promise<void> first;
  std::promise<void> second;
  int calls = 0;
  const HangupWatcher::Calls hangups(watcher, [&] {
    (++calls == 1 ? first : second).set_value();
    if (calls == 1) throw std::bad_alloc();
  });
  kill(getpid(), SIGHUP);
  first.get_future().wait();
  kill(getpid(), SIGHUP);
  second.get_future().wait();
}

}  // namespace
}  // namespace rearview

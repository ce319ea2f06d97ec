#include "base/termination.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <thread>

namespace rearview {
namespace {

TEST(Termination, EitherSignalEndsWithoutAReason) {
  for (const int number : {SIGINT, SIGTERM}) {
    Termination termination;
    EXPECT_FALSE(termination.requested());
    EXPECT_FALSE(termination.token().stop_requested());
    kill(getpid(), number);
    EXPECT_EQ(termination.wait(), std::nullopt);
    EXPECT_TRUE(termination.requested());
    while (!termination.token().stop_requested()) std::this_thread::yield();
    // Taken from the process, so that it doesn't strike when the next test begins.
    sigset_t pending;
    sigemptyset(&pending);
    sigaddset(&pending, number);
    int taken = 0;
    sigwait(&pending, &taken);
  }
}

TEST(Termination, TheFirstReasonCounts) {
  Termination termination;
  termination.fail("disk");
  termination.fail("network");
  EXPECT_EQ(termination.wait(), "disk");
  EXPECT_EQ(termination.failure(), "disk");
}

TEST(Termination, AFailureInAnotherThreadEndsTheWait) {
  Termination termination;
  std::jthread thread([&] { termination.fail("disk"); });
  EXPECT_EQ(termination.wait(), "disk");
}

}  // namespace
}  // namespace rearview

#include "position/position_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <new>

#include "tests/position/fake_gpsd.h"
#include "tests/support/eventually.h"
#include "tests/support/standing_clock.h"

namespace rearview {
namespace {

using namespace std::chrono_literals;
using test::FakeGpsd;
using test::kGreeting;
using test::tpv;
using testing::HasSubstr;

class Source : public testing::Test {
 protected:
  PositionConfig config() const {
    PositionConfig config;
    config.enabled = true;
    config.port = gpsd_.port();
    config.stale_after_ms = 500;
    config.answer_timeout_ms = 500;
    config.backoff_min_ms = config.backoff_max_ms = 10;
    return config;
  }
  void start(const PositionConfig& config) {
    source_.emplace(config, clock_.now());
    source_->on_fix([this](const RiderFix& fix) {
      const std::lock_guard lock(mutex_);
      fixes_.push_back(fix);
      changed_.notify_all();
    });
    source_->start([](const std::string& why) { ADD_FAILURE() << why; });
  }
  RiderFix next_fix() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, 60s, [this] { return !fixes_.empty(); }));
    const RiderFix fix = fixes_.empty() ? RiderFix() : fixes_.front();
    if (!fixes_.empty()) fixes_.pop_front();
    return fix;
  }
  /// The problem once it is one that holds the text.
  std::string problem(const std::string& text) {
    const SteadyTime end = SteadyClock::now() + 60s;
    std::string now;
    while ((now = source_->status().problem).find(text) == std::string::npos &&
           SteadyClock::now() < end)
      std::this_thread::sleep_for(5ms);
    return now;
  }
  /// Lets time pass once the source has taken all that it was told. looks: at the clock, after
  /// which it has: one is before the next reading and one behind it, with a fix there are two more.
  void pass(SteadyClock::duration time, int looks = 2) {
    ASSERT_TRUE(clock_.seen(looks));
    clock_.advance(time);
  }
  double metric(const std::string& family, const std::string& reason = "") const {
    for (const Metric& one : source_->metrics()) {
      if (one.family == family && (reason.empty() || one.labels.at(0).second == reason))
        return one.value;
    }
    return -1;
  }

  FakeGpsd gpsd_;
  test::StandingClock clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<RiderFix> fixes_;
  std::optional<PositionSource> source_;
};

TEST_F(Source, TellsWhereTheRiderIsAndHowFarHeCame) {
  start(config());
  EXPECT_FALSE(source_->now());
  gpsd_.greet();
  gpsd_.say(tpv(48.1, 1));
  EXPECT_EQ(next_fix().position.lat_deg, 48.1);
  gpsd_.say(tpv(48.10005, 2) + tpv(48.10005, 2, 7) + tpv(48.1001, 3));
  EXPECT_NEAR(next_fix().travelled.distance_m, 6, 0.01);
  EXPECT_NEAR(next_fix().travelled.distance_m, 12, 0.01) << "what is told twice counts once";
  const auto now = source_->now();
  ASSERT_TRUE(now);
  EXPECT_EQ(now->speed_mps, 6);
  EXPECT_EQ(now->position.accuracy_m, 4);
  EXPECT_TRUE(source_->status().connected);
  EXPECT_EQ(source_->status().problem, "");
  EXPECT_EQ(metric("rearview_position_known"), 1);
  EXPECT_EQ(metric("rearview_position_fixes_total"), 3);
}

TEST_F(Source, AsksForTheReceiverThatIsConfigured) {
  PositionConfig other = config();
  other.device = "/dev/tty\"ACM0";
  start(other);
  gpsd_.take_call();
  gpsd_.say(kGreeting);
  EXPECT_EQ(gpsd_.hear(), R"(?WATCH={"enable":true,"json":true,"device":"/dev/tty\"ACM0"};)");
}

TEST_F(Source, WhatTakingAFixThrowsEndsNoMoreThanItsConnection) {
  source_.emplace(config(), clock_.now());
  std::atomic<int> taken = 0;
  source_->on_fix([&](const RiderFix&) {
    if (++taken == 1) throw std::bad_alloc();
  });
  source_->start([](const std::string& why) { ADD_FAILURE() << why; });
  gpsd_.greet();
  gpsd_.say(tpv(48.1, 1));
  EXPECT_THAT(problem("bad_alloc"), HasSubstr("bad_alloc"));
  gpsd_.greet();
  gpsd_.say(tpv(48.1, 2));
  EXPECT_TRUE(test::eventually([&] { return taken == 2; }));
}

TEST_F(Source, WhatIsOldIsNotKnown) {
  start(config());
  gpsd_.greet();
  gpsd_.say(tpv(48.1, 1));
  const SteadyTime at = next_fix().at;
  EXPECT_TRUE(source_->now());
  EXPECT_EQ(at, clock_.time());
  // The receiver's clock stands still: it tells the same again and again, which makes it no newer.
  for (int i = 0; i < 5; ++i) {
    gpsd_.say(tpv(48.1, 1));
    pass(100ms, 4);
  }
  EXPECT_TRUE(source_->now());
  gpsd_.say(tpv(48.1, 1));
  pass(1ms, 4);
  EXPECT_FALSE(source_->now());
  EXPECT_THAT(source_->status().problem, HasSubstr("no position for 500 ms"));
  EXPECT_EQ(metric("rearview_position_known"), 0);
}

TEST_F(Source, AReceiverThatLosesItsFixIsBelievedAtOnce) {
  start(config());
  gpsd_.greet();
  gpsd_.say(tpv(48.1, 1));
  next_fix();
  gpsd_.say("{\"class\":\"TPV\",\"mode\":1}\r\n");
  EXPECT_THAT(problem("doesn't know"), HasSubstr("the receiver doesn't know where it is"));
  EXPECT_FALSE(source_->now());
  EXPECT_TRUE(source_->status().connected);
  EXPECT_EQ(metric("rearview_position_refused_total", "no_fix"), 1);
  gpsd_.say("{\"class\":\"TPV\",\"mode\":3,\"lat\":95,\"lon\":11}\r\n");
  EXPECT_THAT(problem("nowhere"), HasSubstr("nowhere"));
  EXPECT_EQ(metric("rearview_position_refused_total", "impossible"), 1);
}

TEST_F(Source, AGpsdWithoutAReceiverIsAskedWhetherItLives) {
  start(config());
  gpsd_.greet();
  for (int i = 0; i < 3; ++i) {
    pass(251ms);
    ASSERT_EQ(gpsd_.hear(), "?VERSION;");
    gpsd_.say(kGreeting);
  }
  EXPECT_TRUE(source_->status().connected);
  EXPECT_THAT(source_->status().problem, HasSubstr("no receiver"));
  EXPECT_EQ(metric("rearview_position_failures_total"), 0);
}

TEST_F(Source, AGpsdThatHangsIsLeftAndTriedAgain) {
  start(config());
  gpsd_.take_call();  // not even a greeting
  pass(501ms);
  EXPECT_EQ(gpsd_.hear(), "");
  EXPECT_THAT(problem("doesn't answer"), HasSubstr("doesn't answer"));
  gpsd_.greet();
  pass(251ms);
  EXPECT_EQ(gpsd_.hear(), "?VERSION;");
  pass(250ms);
  EXPECT_EQ(gpsd_.hear(), "");
  EXPECT_THAT(problem("doesn't answer"), HasSubstr("doesn't answer"));
  EXPECT_EQ(metric("rearview_position_failures_total"), 2);
}

TEST_F(Source, AGpsdThatDiesOrTalksNonsenseIsLeftAndTriedAgain) {
  start(config());
  int second = 0;
  const auto left_for = [this, &second](const std::string& why) {
    EXPECT_EQ(gpsd_.hear(), "") << "not left for " << why;
    EXPECT_THAT(problem(why), HasSubstr(why));
    gpsd_.greet();
    gpsd_.say(tpv(48.1, ++second));
    EXPECT_EQ(next_fix().position.lat_deg, 48.1) << "after " << why;
    gpsd_.say(R"({"class":"TPV","mode":3,"lat":12.)");  // ends in mid-line
    gpsd_.hang_up();
    EXPECT_THAT(problem("closed"), HasSubstr("closed by the other side"));
    EXPECT_TRUE(source_->now()) << "it isn't old yet";
  };
  gpsd_.take_call();
  gpsd_.say("SSH-2.0-OpenSSH_9.2\r\n");
  left_for("this is not gpsd: it says \"SSH-2.0-OpenSSH_9.2\"");
  gpsd_.take_call();
  gpsd_.say(tpv(48.1, 1));  // without a greeting
  left_for("this is not gpsd");
  gpsd_.take_call();
  gpsd_.say(R"({"class":"VERSION","release":"9","rev":"9","proto_major":4,"proto_minor":0})"
            "\n");
  left_for("gpsd speaks protocol 4, not 3");
  gpsd_.greet();
  gpsd_.say("\x01\xFF\x80garbage\n");
  left_for("???garbage");
  gpsd_.greet();
  gpsd_.say(std::string(17'000, '{'));
  left_for("a line of more than 16384 bytes");
  EXPECT_EQ(metric("rearview_position_failures_total"), 10);
}

TEST_F(Source, AStreamThatTricklesWithoutAWholeLineIsAHang) {
  start(config());
  gpsd_.greet();
  for (int i = 0; i < 5; ++i) {
    gpsd_.say("{");
    pass(100ms);
  }
  EXPECT_TRUE(source_->status().connected);
  gpsd_.say("{");
  pass(1ms);
  EXPECT_THAT(problem("doesn't answer"), HasSubstr("doesn't answer"));
}

TEST_F(Source, StopsAtOnceWhateverGpsdDoes) {
  PositionConfig patient = config();
  patient.answer_timeout_ms = patient.connect_timeout_ms = 60'000;
  patient.backoff_min_ms = patient.backoff_max_ms = 60'000;
  const auto stops_at_once = [this] {
    const SteadyTime before = SteadyClock::now();
    source_->stop();
    EXPECT_LT(seconds_between(before, SteadyClock::now()), 30) << "it waited to the end";
  };
  start(patient);
  gpsd_.take_call();
  stops_at_once();  // while the greeting is waited for
  start(patient);
  gpsd_.greet();
  stops_at_once();
  start(patient);
  gpsd_.take_call();
  gpsd_.hang_up();
  problem("closed");
  stops_at_once();             // while the next try is waited for
  patient.host = "192.0.2.1";  // nobody has this address
  start(patient);
  stops_at_once();
}

}  // namespace
}  // namespace rearview

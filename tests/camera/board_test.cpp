#include "camera/board/board.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

#include "camera/board/device_board.h"
#include "camera/board/power_watch.h"
#include "camera/device/status_led.h"
#include "camera/mode.h"

namespace rearview::camera {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Need = PowerWatch::Need;

class FakeBoard : public Board {
 public:
  std::optional<double> battery_percent() override { return percent; }
  std::optional<double> battery_mv() override { return mv; }
  std::optional<bool> charging() override { return charges; }
  std::optional<double> cpu_temp_c() override { return std::nullopt; }
  bool shutdown_pressed() override { return pressed; }
  void set_led(bool on) override { lit.push_back(on); }

  std::optional<double> percent = 80;
  std::optional<double> mv = 3900;
  std::optional<bool> charges = false;
  bool pressed = false;
  std::vector<bool> lit;
};

TEST(PowerWatch, ThreeLowReadingsInARowCount) {
  FakeBoard board;
  PowerWatch watch(board);
  EXPECT_EQ(watch.look(), Need::none);
  board.mv = 3450;
  EXPECT_EQ(watch.look(), Need::none);
  EXPECT_EQ(watch.look(), Need::none);
  board.mv = 3451;
  EXPECT_EQ(watch.look(), Need::none);
  board.mv = 3450;
  EXPECT_EQ(watch.look(), Need::none);
  EXPECT_EQ(watch.look(), Need::none);
  EXPECT_EQ(watch.look(), Need::battery);
}

TEST(PowerWatch, ThePercentageCountsToo) {
  FakeBoard board;
  PowerWatch watch(board);
  board.percent = 10;
  watch.look();
  watch.look();
  EXPECT_EQ(watch.look(), Need::battery);
}

TEST(PowerWatch, NeitherAChargerNorADeafGaugeSwitchesOff) {
  FakeBoard board;
  PowerWatch watch(board);
  board.percent = 5;
  board.charges = true;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(watch.look(), Need::none);
  board.charges = false;
  board.percent = board.mv = std::nullopt;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(watch.look(), Need::none);
}

TEST(PowerWatch, TheButtonCountsAtOnce) {
  FakeBoard board;
  PowerWatch watch(board);
  board.pressed = true;
  EXPECT_EQ(watch.look(), Need::button);
}

TEST(DeviceBoard, ReadsTheGaugesRegisters) {
  EXPECT_NEAR(gauge_mv(0xc000), 3840, 0.01);
  EXPECT_NEAR(gauge_percent(0x5040), 80.25, 0.001);
  EXPECT_NEAR(gauge_percent_per_h(5), 1.04, 0.001);
  EXPECT_NEAR(gauge_percent_per_h(0xfffb), -1.04, 0.001);
}

// Whatever this computer has: what it lacks is said and can't be read.
TEST(DeviceBoard, RunsWithoutItsParts) {
  const auto board = make_device_board();
  if (!std::filesystem::exists("/dev/i2c-1")) {
    EXPECT_FALSE(board->battery_percent());
    EXPECT_FALSE(board->battery_mv());
    EXPECT_FALSE(board->charging());
  }
  if (!std::filesystem::exists("/dev/gpiochip0")) {
    EXPECT_FALSE(board->shutdown_pressed());
    board->set_led(true);
  }
}

TEST(Mode, BothStreamsAndRecordsAlways) {
  const SteadyTime start{};
  Mode mode({}, start);
  mode.tick(0, start + seconds(1000));
  EXPECT_TRUE(mode.streaming());
  EXPECT_TRUE(mode.recording());
}

TEST(Mode, ExclusiveStreamsForItsTimeAndWhileSomebodyWatches) {
  const SteadyTime start{};
  Mode mode({ModeKind::exclusive, 60}, start);
  EXPECT_TRUE(mode.streaming());
  EXPECT_FALSE(mode.recording());
  mode.tick(0, start + seconds(59));
  EXPECT_TRUE(mode.streaming());
  mode.tick(1, start + seconds(61));
  EXPECT_TRUE(mode.streaming());
  mode.tick(0, start + seconds(62));
  EXPECT_FALSE(mode.streaming());
  EXPECT_TRUE(mode.recording());
  mode.tick(1, start + seconds(63));  // a client alone doesn't bring it back
  EXPECT_FALSE(mode.streaming());
  mode.restart(start + seconds(64));
  EXPECT_TRUE(mode.streaming());
  mode.tick(0, start + seconds(123));
  EXPECT_TRUE(mode.streaming());
  mode.tick(0, start + seconds(124));
  EXPECT_FALSE(mode.streaming());
}

/// How long the light was on and off in the first cycle, by ticks of 10 ms.
std::pair<int, int> cycle(StatusLed& led, FakeBoard& board) {
  std::vector<bool> states;
  board.lit.clear();
  for (int ms = 0; ms < 1300; ms += 10) {
    led.tick(SteadyTime(milliseconds(ms)));
    states.push_back(!board.lit.empty() && board.lit.back());
  }
  int on = 0;
  int off = 0;
  std::size_t i = 0;
  for (; i < states.size() && states[i]; ++i) on += 10;
  for (; i < states.size() && !states[i]; ++i) off += 10;
  return {on, off};
}

TEST(StatusLed, ShowsTheModeAndTheBattery) {
  FakeBoard board;
  Mode mode({ModeKind::exclusive, 60}, SteadyTime{});
  EXPECT_EQ((std::pair{1200, 100}), [&] {
    StatusLed led(board, mode);
    return cycle(led, board);
  }());
  StatusLed blinking(board, mode);
  blinking.set_blinking(true);
  EXPECT_EQ(cycle(blinking, board), (std::pair{100, 1000}));
  mode.tick(0, SteadyTime(seconds(61)));
  EXPECT_EQ((std::pair{100, 1200}), [&] {
    StatusLed led(board, mode);
    return cycle(led, board);
  }());
  StatusLed low(board, mode);
  low.set_battery_low();
  EXPECT_EQ(cycle(low, board), (std::pair{50, 50}));
}

}  // namespace
}  // namespace rearview::camera

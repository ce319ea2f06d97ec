#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/enumeration.h"
#include "base/setting.h"

namespace rearview::camera {

enum class BoardKind {
  simulated,  ///< a laptop: values from the configuration
  device,     ///< the device's own: GPIO 21 and 17, fuel gauge at I2C 0x36, thermal zone 0
};

constexpr auto names_of(BoardKind) {
  return std::to_array<std::string_view>({"simulated", "device"});
}

struct BoardConfig {
  BoardKind kind = BoardKind::simulated;
  std::optional<double> battery_percent = 80.0;
  std::optional<double> battery_mv = 3900.0;
  std::optional<double> cpu_temp_c = 45.0;
  std::optional<bool> charging = false;
  bool shutdown_pressed = false;
  std::vector<std::string> shutdown_command;

  static constexpr auto settings() {
    using S = BoardConfig;
    constexpr const char* kSimulated = "Simulated; null: can't be read, as where a part fails.";
    return std::array{
        setting<&S::kind>("kind", "device: the camera's own GPIO and fuel gauge."),
        setting<&S::battery_percent>("battery_percent", {0, 200}, kSimulated),
        setting<&S::battery_mv>("battery_mv", {0, 10000}, kSimulated),
        setting<&S::cpu_temp_c>("cpu_temp_c", {-50, 200}, kSimulated),
        setting<&S::charging>("charging", kSimulated),
        setting<&S::shutdown_pressed>("shutdown_pressed", "Simulated."),
        setting<&S::shutdown_command>(
            "shutdown_command", {.most = 100},
            "Run when the button or the battery asks for it, for example systemctl poweroff; the "
            "program ends in any case."),
    };
  }
  bool operator==(const BoardConfig&) const = default;
};

/// What the camera's computer has beside the camera. nullopt: can't be read (no such part, or it
/// doesn't answer). Any thread; may take some milliseconds.
class Board {
 public:
  virtual ~Board() = default;
  virtual std::optional<double> battery_percent() = 0;  ///< may exceed 100
  virtual std::optional<double> battery_mv() = 0;
  virtual std::optional<bool> charging() = 0;
  virtual std::optional<double> cpu_temp_c() = 0;
  virtual bool shutdown_pressed() = 0;
  virtual void set_led(bool on) = 0;
  /// Takes over new simulated values; the device's board has none.
  virtual void simulate(const BoardConfig&) {}
};

/// A device board never throws for a missing part: its values can't be read then.
std::unique_ptr<Board> make_board(const BoardConfig& config);

}  // namespace rearview::camera

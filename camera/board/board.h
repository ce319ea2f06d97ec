#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/config_reader.h"

namespace rearview::camera {

enum class BoardKind {
  simulated,  ///< a laptop: values from the configuration
  device,     ///< the device's own: GPIO 21 and 17, fuel gauge at I2C 0x36, thermal zone 0
};

struct BoardConfig {
  BoardKind kind = BoardKind::simulated;
  // What the simulated board says; null in the configuration is a part that fails.
  std::optional<double> battery_percent = 80.0;
  std::optional<double> battery_mv = 3900.0;
  std::optional<double> cpu_temp_c = 45.0;
  std::optional<bool> charging = false;
  bool shutdown_pressed = false;
  /// Run when the computer has to be shut down; the program ends in any case.
  std::vector<std::string> shutdown_command;

  void read(ConfigReader& reader);
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

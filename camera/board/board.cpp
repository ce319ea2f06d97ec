#include "camera/board/board.h"

#include <nlohmann/json.hpp>
#include <string>

#include "base/mutex.h"
#include "camera/board/device_board.h"

namespace rearview::camera {
namespace {

class SimulatedBoard : public Board {
 public:
  explicit SimulatedBoard(const BoardConfig& config) : config_(config) {}

  std::optional<double> battery_percent() override { return now().battery_percent; }
  std::optional<double> battery_mv() override { return now().battery_mv; }
  std::optional<bool> charging() override { return now().charging; }
  std::optional<double> cpu_temp_c() override { return now().cpu_temp_c; }
  bool shutdown_pressed() override { return now().shutdown_pressed; }
  void set_led(bool) override {}
  void simulate(const BoardConfig& config) override {
    const MutexLock lock(mutex_);
    config_ = config;
  }

 private:
  BoardConfig now() const {
    const MutexLock lock(mutex_);
    return config_;
  }

  mutable Mutex mutex_;
  BoardConfig config_ GUARDED_BY(mutex_);
};

void optional_number(ConfigReader& reader, const char* key, std::optional<double>& target,
                     double least, double most) {
  const nlohmann::json* given = reader.raw(key);
  if (!given) return;
  if (given->is_null()) {
    target.reset();
    return;
  }
  double value = 0;
  reader.number(key, value, least, most);
  target = value;
}

}  // namespace

void BoardConfig::read(ConfigReader& reader) {
  reader.choice("kind", kind, {{"simulated", BoardKind::simulated}, {"device", BoardKind::device}});
  optional_number(reader, "battery_percent", battery_percent, 0, 200);
  optional_number(reader, "battery_mv", battery_mv, 0, 10000);
  optional_number(reader, "cpu_temp_c", cpu_temp_c, -50, 200);
  if (const nlohmann::json* given = reader.raw("charging"); given && given->is_null()) {
    charging.reset();
  } else if (given) {
    bool value = false;
    reader.boolean("charging", value);
    charging = value;
  }
  reader.boolean("shutdown_pressed", shutdown_pressed);
  reader.texts("shutdown_command", shutdown_command, 0, 100);
}

std::unique_ptr<Board> make_board(const BoardConfig& config) {
  if (config.kind == BoardKind::device) return make_device_board();
  return std::make_unique<SimulatedBoard>(config);
}

}  // namespace rearview::camera

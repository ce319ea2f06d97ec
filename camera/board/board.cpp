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

}  // namespace

std::unique_ptr<Board> make_board(const BoardConfig& config) {
  if (config.kind == BoardKind::device) return make_device_board();
  return std::make_unique<SimulatedBoard>(config);
}

}  // namespace rearview::camera

#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "app/camera_pipeline.h"
#include "app/config.h"
#include "app/event_bus.h"
#include "app/parts.h"
#include "app/serve_listeners.h"
#include "base/mutex.h"
#include "base/worker.h"

namespace rearview {

/// The stages of each camera, and what they are set to.
struct MadeStages {
  std::vector<std::vector<std::unique_ptr<Stage>>> stages;
  std::vector<nlohmann::ordered_json> settings;
};

/// Everything that `rearview serve` runs, from the cameras to all ways out. Every member stands
/// behind those that it uses; parts_ says in which order they begin and, in reverse, end.
class ServeProgram {
 public:
  /// Makes all of it; nothing runs yet but the store. Throws UsageError and std::runtime_error.
  ServeProgram(Config config, MadeStages stages);
  /// Stops.
  ~ServeProgram();
  ServeProgram(const ServeProgram&) = delete;
  ServeProgram& operator=(const ServeProgram&) = delete;

  /// Throws std::exception where a part doesn't begin; then none runs.
  void start();
  void stop();
  /// Takes over what has changed: which cameras there are, their settings and stages, ways out,
  /// radar, position, certificate and log level; what is as it was runs on. Logs what takes a
  /// restart. Throws UsageError where the configuration can't be used: then nothing is changed, or,
  /// where a way out didn't begin anew, all but that. One thread.
  void reload(const Config& now);
  /// The newest configuration wasn't taken over, for this reason; it is told in /healthz and
  /// /metrics until another one is. Any thread.
  void refuse(const std::string& reason);

  std::uint16_t port() const { return service_.port(); }
  /// A code that lets one device in. Any thread.
  PairingOffer begin_pairing(Scope scope) { return service_.begin_pairing(scope); }
  /// Whether every thread that an alert passes through moves. Any thread.
  bool lives(SteadyTime now) const;

 private:
  AlertPtr keep(const Alert& alert, const Annotated& seen);
  std::vector<CameraStatus> statuses() const;
  void add_reports();
  void add_parts();
  /// Counts what escapes the threads of this part.
  Worker::Failure counted(const std::string& part);
  struct Camera {
    CameraConfig config;
    nlohmann::ordered_json stages;  ///< as make_stages() told their settings
    std::size_t place = 0;
    std::unique_ptr<CameraPipeline> pipeline;
  };
  void make_pipeline(Camera& camera, std::vector<std::unique_ptr<Stage>> stages);
  /// Of cameras_; null: there is none of this name.
  Camera* find_camera(const std::string& name);
  void add_camera(const CameraConfig& config, std::vector<std::unique_ptr<Stage>> stages,
                  nlohmann::ordered_json settings);
  void exchange_camera(Camera& camera, const CameraConfig& config,
                       std::vector<std::unique_ptr<Stage>> stages, nlohmann::ordered_json settings);
  void remove_camera(const std::string& name);
  void order_cameras(const std::vector<std::string>& names);
  std::vector<std::string> names_by_place() const;
  nlohmann::ordered_json settings() const;
  void exchange_radar(const RadarConfig& now);
  void exchange_position(const PositionConfig& now);
  void start_position();
  void report_reload(const std::string& problem);

  mutable Mutex mutex_;  ///< guards the pointers that a reload exchanges, too
  std::map<std::string, std::uint64_t> faults_ GUARDED_BY(mutex_);  ///< by part
  Config config_;

  AlertStore alerts_;
  RideListener rides_;
  std::shared_ptr<PositionSource> position_;  ///< null: off
  std::shared_ptr<Radar> radar_;              ///< null: off
  std::string config_problem_ GUARDED_BY(mutex_);
  SteadyTime beat_ GUARDED_BY(mutex_) = SteadyClock::now();  ///< of the newest heartbeat
  std::atomic<std::uint64_t> reloads_ = 0;
  std::atomic<std::uint64_t> refusals_ = 0;

  Service service_;
  Publisher publisher_;
  EventRecorder recorder_;
  /// The store outlives those that it tells.
  struct StoreQuiet {
    ~StoreQuiet() { store.quiet(); }
    AlertStore& store;
  } quiet_{alerts_};
  ServiceListener to_service_;
  PublisherListener to_publisher_;
  RecorderListener to_recorder_;
  std::unique_ptr<RadarListener> to_radar_;
  EventBus bus_;
  std::map<std::string, std::uint32_t> epochs_;  ///< of the newest connection of each that has gone
  std::vector<Camera> cameras_;  ///< in the configuration's order; changed under mutex_ only
  Parts parts_;
};

}  // namespace rearview

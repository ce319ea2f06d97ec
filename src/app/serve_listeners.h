#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "app/camera_listener.h"
#include "position/position_source.h"
#include "publish/publisher.h"
#include "radar/radar.h"
#include "serve/service.h"
#include "store/alert_store.h"
#include "store/event_recorder.h"
#include "types/camera_status.h"

namespace rearview {

// How each way on takes what the cameras tell. What a listener passes it on to must outlive it.

/// Rides: which cameras are on the road, and which see it.
class RideListener final : public CameraListener {
 public:
  explicit RideListener(AlertStore& store) : store_(store) {}
  void analysis(std::size_t camera, const AnalysisPtr& analysis) override;

 private:
  AlertStore& store_;
};

class ServiceListener final : public CameraListener {
 public:
  explicit ServiceListener(Service& service) : service_(service) {}
  void analysis(std::size_t camera, const AnalysisPtr& analysis) override;
  void alert(std::size_t camera, const AlertPtr& alert, const Annotated& seen) override;
  void access_unit(std::size_t camera, const LiveAccessUnitPtr& unit) override;
  bool wants_picture(std::size_t camera) const override;
  void picture(std::size_t camera, const DrawnPicture& picture) override;

 private:
  Service& service_;
};

class PublisherListener final : public CameraListener {
 public:
  explicit PublisherListener(Publisher& publisher) : publisher_(publisher) {}
  /// Whose place it is. While nothing is told of the place.
  void name(std::size_t camera, const std::string& name) { names_.at(camera) = name; }
  void analysis(std::size_t camera, const AnalysisPtr& analysis) override;
  void alert(std::size_t camera, const AlertPtr& alert, const Annotated& seen) override;
  bool wants_picture(std::size_t camera) const override;
  void picture(std::size_t camera, const DrawnPicture& picture) override;

 private:
  Publisher& publisher_;
  std::array<std::string, kMostCameras> names_;
};

class RadarListener final : public CameraListener {
 public:
  explicit RadarListener(Radar& radar) : radar_(radar) {}
  void analysis(std::size_t camera, const AnalysisPtr& analysis) override;

 private:
  Radar& radar_;
};

/// Snapshots and clips.
class RecorderListener final : public CameraListener {
 public:
  explicit RecorderListener(EventRecorder& recorder) : recorder_(recorder) {}
  void analysis(std::size_t camera, const AnalysisPtr& analysis) override;
  void alert(std::size_t camera, const AlertPtr& alert, const Annotated& seen) override;
  void access_unit(std::size_t camera, const LiveAccessUnitPtr& unit) override;

 private:
  EventRecorder& recorder_;
};

}  // namespace rearview

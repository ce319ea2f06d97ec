#pragma once

#include <cstddef>
#include <memory>

#include "app/annotated.h"
#include "app/drawn_picture.h"
#include "types/analysis.h"
#include "types/live_access_unit.h"

namespace rearview {

/// Who wants to know what the cameras tell; what isn't of interest is left as it is. camera: its
/// place (kMostCameras). Called from the cameras' threads, of one camera in one order, the same for
/// every listener; must not wait.
class CameraListener {
 public:
  virtual ~CameraListener() = default;

  /// Of every picture, and of silence; the alerts that belong to it were given before.
  virtual void analysis(std::size_t /*camera*/, const AnalysisPtr& /*analysis*/) {}
  /// With its number. seen: what raised it, or, of a vehicle that has passed, the best look at it;
  /// empty when no picture did.
  virtual void alert(std::size_t /*camera*/, const AlertPtr& /*alert*/, const Annotated& /*seen*/) {
  }
  /// What the camera sent; H.264 only.
  virtual void access_unit(std::size_t /*camera*/, const LiveAccessUnitPtr& /*unit*/) {}
  /// Whether it would take a picture of the camera now: nothing is drawn where nobody does.
  virtual bool wants_picture(std::size_t /*camera*/) const { return false; }
  /// Which somebody wanted.
  virtual void picture(std::size_t /*camera*/, const DrawnPicture& /*picture*/) {}
};

}  // namespace rearview

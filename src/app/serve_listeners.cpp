#include "app/serve_listeners.h"

namespace rearview {

void RideListener::analysis(std::size_t /*camera*/, const AnalysisPtr& analysis) {
  if (analysis->road == Road::no_signal)
    store_.camera_unseen(analysis->camera);
  else
    store_.camera_seen(analysis->camera, analysis->time, is_seen(analysis->road, analysis->state));
}

void ServiceListener::analysis(std::size_t camera, const AnalysisPtr& analysis) {
  service_.publish_analysis(camera, analysis);
}

void ServiceListener::alert(std::size_t /*camera*/, const AlertPtr& alert,
                            const Annotated& /*seen*/) {
  service_.publish_alert(alert);
}

void ServiceListener::access_unit(std::size_t camera, const LiveAccessUnitPtr& unit) {
  service_.publish_access_unit(camera, *unit);
}

bool ServiceListener::wants_picture(std::size_t camera) const {
  return service_.wants_pictures(camera);
}

void ServiceListener::picture(std::size_t camera, const DrawnPicture& picture) {
  if (service_.wants_pictures(camera)) service_.publish_picture(camera, picture.jpeg());
}

void PublisherListener::analysis(std::size_t /*camera*/, const AnalysisPtr& analysis) {
  publisher_.publish_analysis(analysis);
}

void PublisherListener::alert(std::size_t /*camera*/, const AlertPtr& /*alert*/,
                              const Annotated& /*seen*/) {
  publisher_.publish_alert();
}

bool PublisherListener::wants_picture(std::size_t camera) const {
  return publisher_.wants_picture(names_.at(camera));
}

void PublisherListener::picture(std::size_t camera, const DrawnPicture& picture) {
  const std::string& name = names_.at(camera);
  if (publisher_.wants_picture(name)) publisher_.publish_picture(name, picture.jpeg());
}

void RadarListener::analysis(std::size_t /*camera*/, const AnalysisPtr& analysis) {
  radar_.publish_analysis(analysis);
}

void RecorderListener::analysis(std::size_t camera, const AnalysisPtr& analysis) {
  recorder_.analysis(camera, analysis);
}

void RecorderListener::alert(std::size_t camera, const AlertPtr& alert, const Annotated& seen) {
  recorder_.alert(camera, *alert, seen.frame, seen.analysis);
}

void RecorderListener::access_unit(std::size_t camera, const LiveAccessUnitPtr& unit) {
  recorder_.access_unit(camera, unit);
}

}  // namespace rearview

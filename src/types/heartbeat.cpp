#include "types/heartbeat.h"

#include <nlohmann/json.hpp>

#include "types/json.h"

namespace rearview {

nlohmann::ordered_json to_json(const Heartbeat& heartbeat) {
  using Json = nlohmann::ordered_json;
  const auto known = [](const std::optional<int>& number) {
    return number ? Json(*number) : Json(nullptr);
  };
  Json list = Json::array();
  for (const RoadReport& one : heartbeat.cameras) {
    list.push_back({{"name", one.camera},
                    {"state", name(one.state)},
                    {"analysis", name(one.analysis)},
                    {"road", name(one.road)},
                    {"text", one.text},
                    {"pictures", one.pictures},
                    {"threat", known(one.threat)},
                    {"vehicles", known(one.vehicles)},
                    {"passes", one.passes},
                    {"close_passes", one.close_passes}});
  }
  return {{"type", "heartbeat"},
          {"time", rfc3339(heartbeat.time)},
          {"newest_alert_id", heartbeat.newest_alert_id},
          {"store_problem",
           heartbeat.store_problem.empty() ? Json(nullptr) : Json(heartbeat.store_problem)},
          {"cameras", std::move(list)}};
}

}  // namespace rearview

#include "site/answer.h"

#include <nlohmann/json.hpp>

#include "types/json.h"

namespace rearview {

http::Response fresh_json(const nlohmann::ordered_json& json, int status) {
  return fresh_text(dump(json), status);
}

http::Response fresh_text(const std::string& json, int status) {
  return http::json(json + "\n", status).header("Cache-Control", "no-store");
}

}  // namespace rearview

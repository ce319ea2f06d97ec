#include "serve/answer.h"

#include <nlohmann/json.hpp>

#include "types/json.h"

namespace rearview {

http::Response fresh_json(const nlohmann::ordered_json& json, int status) {
  return http::json(dump(json) + "\n", status).header("Cache-Control", "no-store");
}

}  // namespace rearview

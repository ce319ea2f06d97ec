#pragma once

#include <nlohmann/json_fwd.hpp>

#include "http/response.h"

namespace rearview {

/// JSON that must not be kept: it says how things are now.
http::Response fresh_json(const nlohmann::ordered_json& json, int status = 200);
http::Response fresh_text(const std::string& json, int status = 200);

}  // namespace rearview

#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "http/request.h"
#include "http/response.h"

namespace rearview {

/// JSON that must not be kept: it says how things are now.
http::Response fresh_json(const nlohmann::ordered_json& json, int status = 200);

/// Throws http::HttpError 403 when a page asks that is neither ours nor of one of `origins` ("*":
/// any). Browsers name the page's origin wherever they let a page of another site ask.
void refuse_other_sites(const http::Request& request, const std::vector<std::string>& origins);

}  // namespace rearview

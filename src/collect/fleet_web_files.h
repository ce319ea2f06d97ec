#pragma once

#include <vector>

#include "site/site.h"

namespace rearview {

/// The page of `rearview collect`.
const std::vector<WebFile>& fleet_web_files();

}  // namespace rearview

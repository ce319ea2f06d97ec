#pragma once

#include <vector>

#include "site/site.h"

namespace rearview {

/// The page of `rearview serve`.
const std::vector<WebFile>& serve_web_files();

}  // namespace rearview

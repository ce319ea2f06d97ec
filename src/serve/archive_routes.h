#pragma once

#include <string>
#include <vector>

#include "http/router.h"
#include "site/site.h"
#include "types/event_archive.h"

namespace rearview {

/// /api/v1/alerts with their pictures, clips and marks, missed moments, rides and passes:
/// everything that is kept. archive must outlive the router. origins: other sites whose pages may
/// change it.
void add_archive_routes(http::Router& router, EventArchive& archive, AnswerOnWorker on_worker,
                        std::vector<std::string> origins);

}  // namespace rearview

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "http/request.h"

namespace rearview::http {

/// Whether a page of another site may have made a browser send this request, for requests that
/// change something; nullopt when not, else a sentence that says what speaks for it. Browsers let
/// every page send simple requests everywhere, and say where a request comes from in Origin,
/// Sec-Fetch-Site and Referer; but over plain HTTP they don't send the second, and pages can leave
/// the third out. So what looks like a browser's and has none of them is taken for a page's. Apps
/// and command line tools don't look like browsers. docs/camera.md has the rule in words.
///
/// origins: further sites whose pages may do this, as "https://board.example"; "*": all.
std::optional<std::string> other_site(const Request& request,
                                      const std::vector<std::string>& origins);

/// Throws HttpError 403 where other_site speaks.
void refuse_other_sites(const Request& request, const std::vector<std::string>& origins);

}  // namespace rearview::http

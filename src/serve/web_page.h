#pragma once

#include <string_view>
#include <vector>

namespace rearview {

/// One file of the web page, built into the program (web/embed.cmake).
struct WebFile {
  std::string_view name;
  std::string_view content_type;
  std::string_view content;
  std::string_view etag;  ///< quotes included
};

const std::vector<WebFile>& web_files();

}  // namespace rearview

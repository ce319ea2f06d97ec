#include "publish/position_file.h"

#include <exception>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/whole_file.h"

namespace rearview {

PositionFile::PositionFile(const std::filesystem::path& folder, const std::string& name)
    : file_(folder.empty() ? "" : folder / "delivered" / (name + ".json")) {}

std::optional<PositionFile::Position> PositionFile::load() const {
  if (file_.empty()) return std::nullopt;
  std::ifstream in(file_);
  if (!in) return std::nullopt;
  const auto json = nlohmann::json::parse(in, nullptr, false);
  if (json.is_object() && json.contains("after") && json["after"].is_number_unsigned() &&
      json.contains("history") && json["history"].is_string())
    return Position{json["after"], json["history"]};
  log::error("publish", "not a delivery mark; going on with new alerts",
             {{"file", file_.string()}});
  return std::nullopt;
}

void PositionFile::save(const Position& position) {
  if (file_.empty()) return;
  std::string problem;
  try {
    write_whole(file_,
                nlohmann::json{{"after", position.after}, {"history", position.history}}.dump());
  } catch (const std::exception& error) {
    problem = error.what();
  }
  if (problem.empty() == !failed_) return;
  failed_ = !problem.empty();
  if (failed_)
    log::error("publish",
               "what was delivered can't be remembered; it may be repeated after a restart",
               {{"why", problem}});
  else
    log::info("publish", "what was delivered is remembered again", {{"file", file_.string()}});
}

}  // namespace rearview

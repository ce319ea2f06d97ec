#include "publish/delivery_mark.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <system_error>

#include "base/log.h"

namespace rearview {
namespace {

std::string random_name() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

[[noreturn]] void fail(const std::filesystem::path& file) {
  throw std::system_error(errno, std::generic_category(), file.string());
}

/// On disk when it returns.
void write_whole(const std::filesystem::path& file, const std::string& text) {
  const int fd = open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) fail(file);
  const bool written =
      write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(fd) == 0;
  const int error = errno;
  close(fd);
  errno = error;
  if (!written) fail(file);
}

}  // namespace

DeliveryMark::DeliveryMark(const std::filesystem::path& folder, const std::string& name,
                           const AlertHistory& history)
    : history_name_(random_name()), feed_(history, history.newest_id()) {
  if (folder.empty()) return;
  file_ = folder / "delivered" / (name + ".json");
  load();
  save();
}

void DeliveryMark::done() {
  feed_.done();
  save();
}

void DeliveryMark::load() {
  std::ifstream in(file_);
  if (!in) return;
  const auto json = nlohmann::json::parse(in, nullptr, false);
  if (json.is_object() && json.contains("after") && json["after"].is_number_unsigned() &&
      json.contains("history") && json["history"].is_string()) {
    history_name_ = json["history"];
    feed_.seek(json["after"]);
  } else {
    log::error("publish", "not a delivery mark; going on with new alerts",
               {{"file", file_.string()}});
  }
}

void DeliveryMark::save() {
  if (file_.empty()) return;
  std::string problem;
  try {
    std::filesystem::create_directories(file_.parent_path());
    const std::filesystem::path fresh = file_.string() + ".new";
    write_whole(fresh,
                nlohmann::json{{"after", feed_.position()}, {"history", history_name_}}.dump());
    std::filesystem::rename(fresh, file_);
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

#include "publish/ndjson_client.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/config_reader.h"
#include "base/error.h"
#include "types/json.h"

namespace rearview {
namespace {

constexpr std::size_t kLongestRequest = 1024;
/// Alerts written at a time; the rest waits in the history.
constexpr std::size_t kMostPending = 64 * 1024;

std::string text_line(const nlohmann::ordered_json& json) {
  return dump(json) + "\n";
}

}  // namespace

NdjsonClient::NdjsonClient(Output output, AlertFeed feed, bool analyses, SteadyTime hold_until,
                           SteadyTime now)
    : output_(std::move(output)),
      feed_(std::move(feed)),
      analyses_(analyses),
      hold_until_(hold_until),
      progress_(now) {}

void NdjsonClient::heartbeat(const Line& line) {
  if (heartbeat_due_) ++skipped_;
  heartbeat_due_ = line;
}

void NdjsonClient::analysis(const std::string& camera, const Line& line) {
  Line& due = analyses_due_[camera];
  if (due) ++skipped_;
  due = line;
}

void NdjsonClient::read() {
  std::array<char, kLongestRequest> bytes;
  const auto got = recv(output_.fd(), bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (got < 0) {
    gone_ = errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR;
    return;
  }
  if (got == 0) {  // it has nothing more to say, and may listen all the same
    reading_ = false;
    hold_until_ = {};
    return;
  }
  request_.append(bytes.data(), static_cast<std::size_t>(got));
  for (std::size_t end = request_.find('\n'); end != std::string::npos; end = request_.find('\n')) {
    const std::string line = request_.substr(0, end);
    request_.erase(0, end + 1);
    if (!line.empty() && !closing_) obey(line);
  }
  if (request_.size() > kLongestRequest) obey(std::exchange(request_, {}));
}

void NdjsonClient::obey(const std::string& request) {
  hold_until_ = {};
  try {
    const auto json = nlohmann::json::parse(request, nullptr, false);
    if (json.is_discarded())
      throw UsageError("request: not JSON; {\"after\":ID,\"analysis\":true} is one");
    ConfigReader reader(json, "request");
    std::uint64_t after = feed_.position();
    reader.number("after", after, 0, std::numeric_limits<std::int64_t>::max());
    reader.boolean("analysis", analyses_);
    reader.finish();
    feed_.seek(after);
  } catch (const UsageError& error) {
    pending_ += text_line({{"type", "error"}, {"text", error.what()}});
    closing_ = true;
    reading_ = false;  // what it says further would fill our memory with answers
  }
}

void NdjsonClient::write(SteadyTime now) {
  while (!gone_ && flush(now) && refill(now)) {
  }
}

bool NdjsonClient::flush(SteadyTime now) {
  while (waits()) {
    const auto taken = output_.write(std::string_view(pending_).substr(sent_));
    if (!taken) gone_ = true;
    if (!taken || *taken == 0) return false;
    sent_ += *taken;
    progress_ = now;
  }
  pending_.clear();
  sent_ = 0;
  progress_ = now;
  gone_ |= closing_;
  return !gone_;
}

void NdjsonClient::append(const Line& line) {
  if (line) pending_ += *line;
}

bool NdjsonClient::refill(SteadyTime now) {
  // Before the alerts: the history may throw, and signs of life must go on all the same.
  append(std::exchange(heartbeat_due_, nullptr));
  for (auto& [camera, line] : analyses_due_) append(std::exchange(line, nullptr));
  while (pending_.size() < kMostPending && !holds(now)) {
    const KeptAlert* alert = feed_.next();
    if (!alert) break;
    pending_ += message_of(*alert) + "\n";
    feed_.done();
    ++alerts_;
  }
  return !pending_.empty();
}

}  // namespace rearview

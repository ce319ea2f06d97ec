#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rearview {

/// Posts to one address, over a connection that stays open. Follows no redirection: what is signed
/// for one receiver goes to no other. One thread, but for stop().
class HttpPost {
 public:
  /// ca_file: the authorities to trust instead of the system's; empty: the system's. Throws
  /// std::runtime_error.
  HttpPost(const std::string& url, const std::filesystem::path& ca_file, int timeout_ms);
  ~HttpPost();
  HttpPost(const HttpPost&) = delete;
  HttpPost& operator=(const HttpPost&) = delete;

  struct Answer {
    long status = 0;      ///< 0: none came
    std::string problem;  ///< why none came
    int retry_after_s = 0;
  };
  /// headers: lines. nullopt when stop() was called.
  std::optional<Answer> post(const std::string& body, const std::vector<std::string>& headers);
  /// Makes post() return at once, now and ever after. Any thread.
  void stop();

  /// Why this can't be posted to; empty when it can.
  static std::string problem_of(const std::string& url);

 private:
  struct Handles;
  std::unique_ptr<Handles> handles_;
  std::atomic<bool> stopped_ = false;
};

}  // namespace rearview

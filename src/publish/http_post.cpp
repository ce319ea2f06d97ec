#include "publish/http_post.h"

#include <curl/curl.h>

#include <mutex>
#include <stdexcept>

namespace rearview {
namespace {

using Lines = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

/// What a receiver answers besides its status is of no use, but read up to here, so that the
/// connection can stay open; and no longer head is.
constexpr std::size_t kLongestPart = 64 * 1024;

void initialise_once() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

}  // namespace

struct HttpPost::Handles {
  CURLM* multi = nullptr;
  CURL* easy = nullptr;
  std::string error = std::string(CURL_ERROR_SIZE, '\0');
  std::size_t head_bytes = 0;
  std::size_t body_bytes = 0;

  // libcurl calls these; what they return other than the number of bytes ends the transfer.
  static std::size_t take_head(char*, std::size_t size, std::size_t count, void* self) {
    return take(static_cast<Handles*>(self)->head_bytes, size * count);
  }
  static std::size_t take_body(char*, std::size_t size, std::size_t count, void* self) {
    return take(static_cast<Handles*>(self)->body_bytes, size * count);
  }
  static std::size_t take(std::size_t& taken, std::size_t bytes) {
    taken += bytes;
    return taken > kLongestPart ? 0 : bytes;
  }

  ~Handles() {
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
  }
};

HttpPost::HttpPost(const std::string& url, const std::filesystem::path& ca_file, int timeout_ms)
    : handles_(std::make_unique<Handles>()) {
  initialise_once();
  handles_->multi = curl_multi_init();
  handles_->easy = curl_easy_init();
  if (!handles_->multi || !handles_->easy) throw std::runtime_error("libcurl doesn't start");
  CURL* easy = handles_->easy;
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout_ms));
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  // A name that isn't answered must not hold up the end of the program.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "rearview");
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Handles::take_head);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, handles_.get());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Handles::take_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, handles_.get());
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, handles_->error.data());
  if (!ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file.c_str());
}

HttpPost::~HttpPost() = default;

std::optional<HttpPost::Answer> HttpPost::post(const std::string& body,
                                               const std::vector<std::string>& headers) {
  Lines lines(nullptr, &curl_slist_free_all);
  // Without "Expect" the body goes at once instead of waiting to be asked for.
  const auto add = [&lines](const char* line) {
    lines.reset(curl_slist_append(lines.release(), line));
  };
  add("Expect:");
  for (const std::string& line : headers) add(line.c_str());
  CURL* easy = handles_->easy;
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, lines.get());
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.c_str());
  handles_->error[0] = '\0';
  handles_->head_bytes = handles_->body_bytes = 0;
  curl_multi_add_handle(handles_->multi, easy);
  int running = 1;
  while (!stopped_) {
    if (curl_multi_perform(handles_->multi, &running) != CURLM_OK || running == 0) break;
    curl_multi_poll(handles_->multi, nullptr, 0, 1000, nullptr);
  }
  std::optional<Answer> answer;
  int left = 0;
  if (const CURLMsg* done = curl_multi_info_read(handles_->multi, &left); done && !stopped_) {
    answer.emplace();
    // With its body begun an answer's status is known, however that goes on.
    if (done->data.result == CURLE_OK || handles_->body_bytes > kLongestPart) {
      curl_off_t retry_after_s = 0;
      curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &answer->status);
      curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &retry_after_s);
      constexpr curl_off_t kDay_s = 86'400;
      answer->retry_after_s = static_cast<int>(std::min(retry_after_s, kDay_s));
    } else {
      const char* text = handles_->error.c_str();
      answer->problem = *text != '\0' ? text : curl_easy_strerror(done->data.result);
    }
  }
  curl_multi_remove_handle(handles_->multi, easy);
  if (!answer && !stopped_) answer = Answer{0, "libcurl gave no result", 0};
  return answer;
}

void HttpPost::stop() {
  stopped_ = true;
  curl_multi_wakeup(handles_->multi);
}

std::string HttpPost::problem_of(const std::string& url) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), &curl_url_cleanup);
  if (const CURLUcode code = curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0);
      code != CURLUE_OK)
    return curl_url_strerror(code);
  char* scheme = nullptr;
  curl_url_get(parsed.get(), CURLUPART_SCHEME, &scheme, 0);
  const std::string found = scheme ? scheme : "";
  curl_free(scheme);
  return found == "http" || found == "https" ? "" : "not an http:// or https:// address";
}

}  // namespace rearview

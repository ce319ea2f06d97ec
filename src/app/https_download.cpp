#include "app/https_download.h"

#include <curl/curl.h>
#include <fmt/core.h>

#include <array>
#include <cstdlib>
#include <exception>
#include <memory>
#include <stdexcept>

namespace rearview {
namespace {

constexpr long kConnectTimeout_s = 15;
constexpr long kLeastSpeed_bytes_per_s = 1000;
constexpr long kSlow_s = 30;
constexpr long kMostRedirects = 5;

struct Transfer {
  std::uint64_t left;
  const std::function<void(std::string_view)>& take;
  const std::function<bool()>& wanted;
  bool too_long = false;
  std::exception_ptr thrown;
};

// libcurl calls these; nothing may be thrown through it.
std::size_t write(char* bytes, std::size_t size, std::size_t count, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  const std::size_t got = size * count;
  transfer.too_long = got > transfer.left;
  if (transfer.too_long) return CURL_WRITEFUNC_ERROR;
  transfer.left -= got;
  try {
    transfer.take({bytes, got});
  } catch (...) {
    transfer.thrown = std::current_exception();
    return CURL_WRITEFUNC_ERROR;
  }
  return got;
}

int go_on(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Transfer*>(context)->wanted() ? 0 : 1;
}

}  // namespace

void https_download(const std::string& url, std::uint64_t most_bytes,
                    const std::function<void(std::string_view)>& take,
                    const std::function<bool()>& wanted) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle(curl_easy_init(),
                                                                   &curl_easy_cleanup);
  if (!handle) throw std::runtime_error("libcurl doesn't start");
  CURL* easy = handle.get();
  Transfer transfer{.left = most_bytes, .take = take, .wanted = wanted, .thrown = nullptr};
  std::array<char, CURL_ERROR_SIZE> reason{};
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
  curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(easy, CURLOPT_MAXREDIRS, kMostRedirects);
  curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, kConnectTimeout_s);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, kLeastSpeed_bytes_per_s);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, kSlow_s);
  curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(most_bytes));
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  // A name that isn't answered must not hold up the end of the program.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "rearview");
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, reason.data());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &write);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, &go_on);
  curl_easy_setopt(easy, CURLOPT_XFERINFODATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  if (const char* certificates = std::getenv("SSL_CERT_FILE"); certificates && *certificates)
    curl_easy_setopt(easy, CURLOPT_CAINFO, certificates);

  const CURLcode result = curl_easy_perform(easy);
  if (result == CURLE_OK || result == CURLE_ABORTED_BY_CALLBACK) return;
  if (transfer.thrown) std::rethrow_exception(transfer.thrown);
  if (transfer.too_long || result == CURLE_FILESIZE_EXCEEDED)
    throw std::runtime_error(
        fmt::format("{}: sends more than the {} bytes expected", url, most_bytes));
  throw std::runtime_error(fmt::format(
      "{}: {}", url, reason.front() != '\0' ? reason.data() : curl_easy_strerror(result)));
}

}  // namespace rearview

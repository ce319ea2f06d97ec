#include "archive/source_reader.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <utility>

#include "base/printable_url.h"
#include "base/sha256.h"

namespace rearview {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFile = "file:";
constexpr long kConnectTimeout_s = 15;
constexpr long kLeastSpeed_bytes_per_s = 1000;
constexpr long kSlow_s = 30;
constexpr long kMostRedirects = 5;
/// Beginnings in a row that bring nothing.
constexpr int kMostTries = 3;

bool read_file(const std::string& path, const std::function<void(std::string_view)>& take,
               const std::function<bool()>& seen) {
  std::ifstream in(path, std::ios::binary);
  std::array<char, 1 << 16> piece;
  while (in.read(piece.data(), piece.size()) || in.gcount() > 0) {
    take({piece.data(), static_cast<std::size_t>(in.gcount())});
    if (!seen()) return false;
  }
  if (!in.eof()) throw std::runtime_error(fmt::format("{}: can't be read", path));
  return true;
}

struct Transfer {
  const std::function<void(std::string_view)>& take;
  const std::function<bool()>& seen;
  std::uint64_t got = 0;
  bool ended = false;
  std::exception_ptr thrown = {};
};

// libcurl calls these; nothing may be thrown through it.
std::size_t write(char* bytes, std::size_t size, std::size_t count, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  try {
    transfer.take({bytes, size * count});
    transfer.got += size * count;
    return size * count;
  } catch (...) {
    transfer.thrown = std::current_exception();
    return CURL_WRITEFUNC_ERROR;
  }
}

int go_on(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(context);
  try {
    transfer.ended = !transfer.seen();
  } catch (...) {
    transfer.thrown = std::current_exception();
  }
  return transfer.ended || transfer.thrown ? 1 : 0;
}

bool read_address(const char* protocols, const std::string& url,
                  const std::function<void(std::string_view)>& take,
                  const std::function<bool()>& seen) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle(curl_easy_init(),
                                                                   &curl_easy_cleanup);
  if (!handle) throw std::runtime_error("libcurl doesn't start");
  CURL* easy = handle.get();
  Transfer transfer{.take = take, .seen = seen};
  std::array<char, CURL_ERROR_SIZE> reason{};
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, protocols);
  curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, protocols);
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(easy, CURLOPT_MAXREDIRS, kMostRedirects);
  curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, kConnectTimeout_s);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, kLeastSpeed_bytes_per_s);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, kSlow_s);
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

  for (int tries = 0;;) {
    const std::uint64_t before = transfer.got;
    curl_easy_setopt(easy, CURLOPT_RESUME_FROM_LARGE, static_cast<curl_off_t>(before));
    const CURLcode result = curl_easy_perform(easy);
    if (transfer.thrown) std::rethrow_exception(transfer.thrown);
    if (transfer.ended) return false;
    if (result == CURLE_OK) return true;
    tries = transfer.got > before ? 0 : tries + 1;
    if (tries == kMostTries)
      throw std::runtime_error(
          fmt::format("{}: {}", printable_url(url),
                      reason.front() != '\0' ? reason.data() : curl_easy_strerror(result)));
  }
}

}  // namespace

bool read_source(const std::string& url, const std::function<void(std::string_view)>& take,
                 const std::function<bool()>& seen) {
  return url.starts_with(kFile) ? read_file(url.substr(kFile.size()), take, seen)
                                : read_address("http,https", url, take, seen);
}

bool read_https(const std::string& url, const std::function<void(std::string_view)>& take,
                const std::function<bool()>& seen) {
  return read_address("https", url, take, seen);
}

ArchiveSource measured_source(const std::string& url, const std::function<bool()>& seen) {
  Sha256 sha256;
  ArchiveSource source{.url = url};
  const auto take = [&](std::string_view bytes) {
    sha256.add(bytes);
    source.bytes += bytes.size();
  };
  if (!read_source(url, take, seen)) return {};
  source.sha256 = sha256.finish();
  return source;
}

LocalSource::LocalSource(const ArchiveSource& source, const std::function<bool()>& seen) {
  Sha256 sha256;
  std::uint64_t bytes = 0;
  std::ofstream file;
  if (source.url.starts_with(kFile)) {
    path_ = source.url.substr(kFile.size());
  } else {
    // What a recording is called says how it is read, and whose chunk it is.
    path_ = (copy_.emplace() /
             fs::path(source.url.substr(0, source.url.find_first_of("?#"))).filename())
                .string();
    file.open(path_, std::ios::binary);
  }
  const auto take = [&](std::string_view piece) {
    sha256.add(piece);
    bytes += piece.size();
    if (bytes > source.bytes)
      throw std::runtime_error(fmt::format("{}: holds more than the {} bytes of the job",
                                           printable_url(source.url), source.bytes));
    if (copy_ && !file.write(piece.data(), static_cast<std::streamsize>(piece.size())))
      throw std::runtime_error(fmt::format("{}: can't be written", path_));
  };
  there_ = read_source(source.url, take, seen);
  if (file.is_open()) file.close();
  if (there_ && (file.fail() || sha256.finish() != source.sha256))
    throw std::runtime_error(
        fmt::format("{}: isn't what it was when the job was made: its SHA-256 differs",
                    printable_url(source.url)));
}

}  // namespace rearview

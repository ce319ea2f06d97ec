#include "http/response.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <nlohmann/json.hpp>

#include "http/request.h"

namespace rearview::http {

std::optional<OpenFile> OpenFile::open(const std::filesystem::path& path) {
  // O_NONBLOCK: a FIFO of that name must not hang the I/O thread.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return std::nullopt;
  OpenFile file;
  file.descriptor_ = std::shared_ptr<int>(new int(fd), [](const int* owned) {
    ::close(*owned);
    delete owned;
  });
  struct stat info {};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  file.size_bytes_ = static_cast<std::uint64_t>(info.st_size);
  file.etag_ = fmt::format("\"{:x}-{:x}-{:x}.{:x}\"", info.st_ino, info.st_size,
                           info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
  file.last_modified_ = http_date(info.st_mtim.tv_sec);
  return file;
}

bool Response::has(std::string_view name) const {
  return std::any_of(headers.begin(), headers.end(), [name](const auto& header) {
    return equal_ignoring_case(header.first, name);
  });
}

Response text(int status, std::string body, std::string content_type) {
  Response response;
  response.status = status;
  response.header("Content-Type", std::move(content_type));
  response.body = std::move(body);
  return response;
}

Response json(std::string body, int status) {
  return text(status, std::move(body), "application/json");
}

Response bytes(Bytes body, std::string content_type) {
  Response response;
  response.header("Content-Type", std::move(content_type));
  response.body = std::move(body);
  return response;
}

Response file(const std::filesystem::path& path, std::string content_type) {
  auto opened = OpenFile::open(path);
  if (!opened) throw HttpError(404, "there is no such file");
  Response response;
  response.header("Content-Type", std::move(content_type));
  response.body = std::move(*opened);
  return response;
}

Response generated(std::shared_ptr<BodySource> source, std::string content_type) {
  Response response;
  response.header("Content-Type", std::move(content_type));
  response.body = std::move(source);
  return response;
}

Response stream(std::string content_type, std::function<void(std::shared_ptr<Stream>)> opened,
                std::string preamble) {
  Response response;
  response.header("Content-Type", std::move(content_type));
  response.body = StreamBody{std::move(opened), std::move(preamble)};
  return response;
}

Response web_socket(std::function<void(std::shared_ptr<Stream>)> opened, Messages messages) {
  Response response;
  response.status = 101;
  response.body = WebSocketBody{std::move(opened), messages};
  return response;
}

Response problem(int status, std::string_view detail) {
  nlohmann::ordered_json body = {{"type", "about:blank"},
                                 {"title", reason_phrase(status)},
                                 {"status", status},
                                 {"detail", detail}};
  // A detail may quote what the client sent: bytes that aren't UTF-8 must not throw here.
  return text(status, body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n",
              "application/problem+json");
}

Response plain_error(int status, std::string_view detail) {
  return text(status, std::string(detail));
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 304:
      return "Not Modified";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 416:
      return "Range Not Satisfiable";
    case 426:
      return "Upgrade Required";
    case 421:
      return "Misdirected Request";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

std::string http_date(std::int64_t unix_s) {
  // strftime's names follow the locale; these must not.
  static constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t time = unix_s;
  std::tm utc{};
  gmtime_r(&time, &utc);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
                     kDays[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                     kMonths[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour,
                     utc.tm_min, utc.tm_sec);
}

}  // namespace rearview::http

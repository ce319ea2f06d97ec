#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace rearview::http {

class Stream;

/// Immutable bytes that many clients share.
using Bytes = std::shared_ptr<const std::string>;

/// Thrown by a handler: answered with that status through the server's error format.
class HttpError : public std::runtime_error {
 public:
  HttpError(int http_status, const std::string& detail)
      : std::runtime_error(detail), status(http_status) {}
  int status;
};

/// Produces a body of unknown length piece by piece, so that no more than one piece is in memory.
class BodySource {
 public:
  virtual ~BodySource() = default;
  /// Worker thread, never twice at once, the next call only when the client has taken the last
  /// piece. Appends to piece (empty on entry; 64 KB is a good size); leaves it empty at the end.
  /// An exception cuts the connection, so that the client sees the body as incomplete.
  virtual void next(std::string& piece) = 0;
};

/// An open regular file. Owns the descriptor, so that a file deleted meanwhile is still sent.
class OpenFile {
 public:
  /// nullopt when there is no such regular file or it may not be read.
  static std::optional<OpenFile> open(const std::filesystem::path& path);
  int descriptor() const { return *descriptor_; }
  std::uint64_t size_bytes() const { return size_bytes_; }
  /// Strong ETag made from inode, size and time of change.
  const std::string& etag() const { return etag_; }
  /// As Last-Modified wants it.
  const std::string& last_modified() const { return last_modified_; }

 private:
  OpenFile() = default;
  std::shared_ptr<int> descriptor_;
  std::uint64_t size_bytes_ = 0;
  std::string etag_;
  std::string last_modified_;
};

/// A response without end. opened is called on the I/O thread once the head is on its way; preamble
/// goes out first.
struct StreamBody {
  std::function<void(std::shared_ptr<Stream>)> opened;
  std::string preamble;
};

/// What a WebSocket's messages are said to be.
enum class Messages { text, binary };

/// A stream of messages over a WebSocket (RFC 6455). The request must ask for one: see
/// wants_web_socket. opened is called on the I/O thread after the handshake. A page of another site
/// may open one, so check the Origin.
struct WebSocketBody {
  std::function<void(std::shared_ptr<Stream>)> opened;
  Messages messages = Messages::text;
};

struct Response {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;  ///< without length and connection
  std::variant<std::string, Bytes, OpenFile, std::shared_ptr<BodySource>, StreamBody, WebSocketBody>
      body;

  Response& header(std::string name, std::string value) {
    headers.emplace_back(std::move(name), std::move(value));
    return *this;
  }
  bool has(std::string_view name) const;  ///< a header of that name, in any case
};

/// A whole body.
Response text(int status, std::string body, std::string content_type = "text/plain; charset=utf-8");
Response json(std::string body, int status = 200);
Response bytes(Bytes body, std::string content_type);
/// A file, with byte ranges (RFC 9110 section 14: one range; several are answered whole),
/// If-Range, If-None-Match. Throws HttpError 404 when it isn't there.
Response file(const std::filesystem::path& path, std::string content_type);
Response generated(std::shared_ptr<BodySource> source, std::string content_type);
Response stream(std::string content_type, std::function<void(std::shared_ptr<Stream>)> opened,
                std::string preamble = {});

Response web_socket(std::function<void(std::shared_ptr<Stream>)> opened,
                    Messages messages = Messages::text);

/// application/problem+json (RFC 9457).
Response problem(int status, std::string_view detail);
/// The detail and nothing else, as the camera's device API answers.
Response plain_error(int status, std::string_view detail);

/// The reason phrase, "Not Found" for 404; "Unknown" for a status this server doesn't use.
std::string_view reason_phrase(int status);
/// IMF-fixdate, as Date and Last-Modified want it.
std::string http_date(std::int64_t unix_s);

}  // namespace rearview::http

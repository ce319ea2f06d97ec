#include "http/request_reader.h"

#include <fmt/core.h>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cctype>
#include <functional>
#include <optional>

namespace rearview::http {
namespace {

namespace beast = boost::beast;
using boost::system::error_code;

/// Browsers send about fifteen.
constexpr std::size_t kMostFields = 100;

/// Sixteen digits and two line ends: what may be pending of a chunk that nothing is wrong with.
constexpr std::size_t kMostFramingOfChunk = 20;

/// Beast takes most of this for good, in its own way.
std::optional<std::string_view> fault_in_lines(std::string_view header) {
  for (std::size_t i = 0; i < header.size(); ++i) {
    const char c = header[i];
    if (c == '\0') return "it holds a NUL";
    if (c == '\r' && (i + 1 == header.size() || header[i + 1] != '\n'))
      return "a CR stands without its LF";
    if (c != '\n') continue;
    if (i == 0 || header[i - 1] != '\r') return "an LF stands without its CR";
    if (i + 1 < header.size() && (header[i + 1] == ' ' || header[i + 1] == '\t'))
      return "a header line is folded";
  }
  return std::nullopt;
}

/// The least a chunked body ends with.
constexpr std::string_view kLastChunk = "0\r\n\r\n";

/// Beast lets a quoted chunk extension run on over the end of its line, where others end it, and
/// each time it looks again it counts that chunk's size anew. pending: what it waits with.
bool runs_over_its_line(std::string_view pending) {
  static constexpr std::string_view kLineEnd = "\r\n";
  if (pending.starts_with(kLineEnd)) pending.remove_prefix(kLineEnd.size());
  const std::size_t end = pending.find(kLineEnd);
  if (end == std::string_view::npos) return false;
  // Behind the last chunk it waits for the trailers.
  const std::size_t digit = pending.find_first_not_of('0');
  return digit < end && std::isxdigit(static_cast<unsigned char>(pending[digit])) != 0;
}

/// A chunk's size line and the line end behind its data, as short as they can be.
std::uint64_t least_framing_of(std::uint64_t chunk_bytes) {
  std::uint64_t digits = 1;
  while (chunk_bytes >>= 4) ++digits;
  return digits + 4;
}

}  // namespace

struct RequestReader::Parser {
  using OnChunk = std::function<void(std::uint64_t, beast::string_view, error_code&)>;
  OnChunk on_chunk;  // the parser keeps a reference
  beast::http::request_parser<beast::http::string_body> http;
};

RequestReader::RequestReader(Limits limits) : limits_(limits), parser_(std::make_unique<Parser>()) {
  parser_->http.header_limit(static_cast<std::uint32_t>(limits_.header_bytes));
  parser_->http.body_limit(limits_.body_bytes);
  parser_->http.eager(true);
  parser_->on_chunk = [this](std::uint64_t size, beast::string_view, error_code&) {
    least_framing_bytes_ += least_framing_of(size);
  };
  parser_->http.on_chunk_header(parser_->on_chunk);
}

RequestReader::~RequestReader() = default;

std::size_t RequestReader::most_unread_bytes() const {
  return limits_.header_bytes + kMostFramingOfChunk + 1;  // one more shows that it is too long
}

std::size_t RequestReader::push(std::string_view bytes) {
  std::size_t taken = 0;
  if (stage_ == Stage::header) taken = push_header(bytes);
  if (stage_ == Stage::body) taken += push_body(bytes.substr(taken));
  return taken;
}

std::size_t RequestReader::push_header(std::string_view bytes) {
  static constexpr std::string_view kEnd = "\r\n\r\n";
  const std::size_t end = bytes.find(kEnd, looked_at_bytes_);
  header_bytes_ = end == std::string_view::npos ? bytes.size() : end + kEnd.size();
  if (header_bytes_ > limits_.header_bytes) {
    refuse_header_size();
    return 0;
  }
  if (end == std::string_view::npos) {
    looked_at_bytes_ = bytes.size() - std::min(bytes.size(), kEnd.size() - 1);
    return 0;
  }
  const std::string_view header = bytes.substr(0, header_bytes_);
  if (const auto fault = fault_in_lines(header)) {
    refuse(400, fmt::format("this is not a request of HTTP/1.1: {}", *fault));
    return 0;
  }
  error_code error;
  parser_->http.put(boost::asio::buffer(header), error);
  if (error == beast::http::error::bad_version) {
    refuse(505, "this server speaks HTTP/1.1");
  } else if (error == beast::http::error::body_limit) {
    refuse(413, fmt::format("the request's body is longer than {} bytes", limits_.body_bytes));
  } else if (error || !parser_->http.is_header_done()) {
    refuse(400, "this is not a request of HTTP/1.1: " + error.message());
  } else {
    take_header();
  }
  return header_bytes_;
}

void RequestReader::take_header() {
  namespace http = beast::http;
  const auto& message = parser_->http.get();
  request_.method = std::string(message.method_string());
  request_.target = std::string(message.target());
  request_.http_1_0 = message.version() < 11;
  for (const auto& field : message)
    request_.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  keep_alive_ = message.keep_alive();

  const std::size_t codings = message.count(http::field::transfer_encoding);
  if (codings > 1 || (codings == 1 && request_.http_1_0)) {
    refuse(400, "a request has one Transfer-Encoding at most, and none in HTTP/1.0");
  } else if (codings == 1 && !beast::iequals(message[http::field::transfer_encoding], "chunked")) {
    refuse(501, "of all transfer codings this server knows chunked alone");
  } else if (message.count(http::field::content_length) > 1) {
    refuse(400, "a request has one Content-Length at most");
  } else if (request_.headers.size() > kMostFields) {
    refuse(431, fmt::format("the request's header has more than {} lines", kMostFields));
  } else if (parser_->http.is_done()) {
    stage_ = Stage::complete;
  } else {
    stage_ = Stage::body;
    expects_continue_ =
        !request_.http_1_0 && beast::iequals(message[http::field::expect], "100-continue");
  }
}

std::size_t RequestReader::push_body(std::string_view bytes) {
  // Beast asserts that it isn't asked again before the last chunk may be whole.
  if (bytes.empty() || (bytes.size() < kLastChunk.size() && bytes.starts_with("0\r\n"))) return 0;
  error_code error;
  const std::size_t taken = parser_->http.put(boost::asio::buffer(bytes), error);
  body_wire_bytes_ += taken;
  // A line or trailers that haven't come whole are not taken yet. They count all the same, but for
  // the least a line has.
  const bool pending = error == beast::http::error::need_more;
  const std::uint64_t framing_bytes =
      body_wire_bytes_ + (pending ? bytes.size() - taken : 0) - parser_->http.get().body().size();
  const std::uint64_t least_bytes = least_framing_bytes_ + (pending ? kMostFramingOfChunk : 0);
  if (parser_->http.chunked() &&
      header_bytes_ + framing_bytes > limits_.header_bytes + least_bytes) {
    refuse_header_size();
  } else if (error == beast::http::error::body_limit) {
    refuse(413, fmt::format("the request's body is longer than {} bytes", limits_.body_bytes));
  } else if (error && !pending) {
    refuse(400, "this is not a request of HTTP/1.1: " + error.message());
  } else if (pending && runs_over_its_line(bytes.substr(taken))) {
    refuse(400, "this is not a request of HTTP/1.1: a chunk extension runs over its line");
  } else if (parser_->http.is_done()) {
    request_.body = std::move(parser_->http.get().body());
    stage_ = Stage::complete;
  }
  return taken;
}

void RequestReader::refuse(int status, std::string why) {
  stage_ = Stage::refused;
  keep_alive_ = false;
  status_ = status;
  why_ = std::move(why);
}

void RequestReader::refuse_header_size() {
  refuse(431, fmt::format("the request's header, with chunk extensions and trailers, is longer "
                          "than {} bytes",
                          limits_.header_bytes));
}

}  // namespace rearview::http

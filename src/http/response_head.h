#pragma once

// Private to this room.
#include <cstdint>
#include <optional>
#include <string>

#include "http/byte_range.h"
#include "http/request.h"
#include "http/response.h"

namespace rearview::http {

/// How a response's body goes out.
struct BodyPlan {
  enum class Framing { none, length, chunked, until_close };
  Framing framing = Framing::length;
  std::uint64_t length_bytes = 0;       ///< with Framing::length
  std::optional<ByteRange> file_range;  ///< what to send of an OpenFile
  bool send_body = true;                ///< false for HEAD, 204 and 304
};

/// Decides about ranges and conditions (RFC 9110 sections 13 and 14), which may change
/// response.status and its headers.
BodyPlan plan_body(const Request& request, Response& response);

/// Status line and header, blank line included.
std::string make_head(const Response& response, const BodyPlan& plan, bool http_1_0,
                      bool keep_alive);

}  // namespace rearview::http

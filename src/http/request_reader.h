#pragma once

// Private to this room.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "http/request.h"

namespace rearview::http {

/// Takes one request of HTTP/1.1 (RFC 9112) out of a client's bytes. What it holds is bounded. It
/// refuses what two parties might read in two ways: lines that don't end in CR LF, folded lines,
/// a length beside chunks, several lengths, codings other than chunked.
class RequestReader {
 public:
  struct Limits {
    /// The header, and together with it all that frames a chunked body beyond the least there can
    /// be: chunk extensions, trailers, leading zeros.
    std::size_t header_bytes;
    std::size_t body_bytes;
  };
  enum class Stage { header, body, complete, refused };

  explicit RequestReader(Limits limits);
  ~RequestReader();
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  /// bytes: what has come and was not taken yet, from the first byte on. Returns how many of them
  /// it took; the caller gives the others again, with what comes after them. It always takes some,
  /// wants more, or ends, so the caller never has to keep more than most_unread_bytes().
  std::size_t push(std::string_view bytes);
  std::size_t most_unread_bytes() const;

  Stage stage() const { return stage_; }
  /// Method, target and header, once the header has come; the body when complete. Trailers are
  /// read over: nothing here may come behind the body that ought to stand before it.
  Request& request() { return request_; }
  /// The client wants to be asked again after this one.
  bool keep_alive() const { return keep_alive_; }
  /// The client waits for a "100 Continue".
  bool expects_continue() const { return expects_continue_; }

  /// When refused: the status, and why. Status 0: the bytes are no sensible request at all.
  int status() const { return status_; }
  const std::string& why() const { return why_; }

 private:
  struct Parser;

  std::size_t push_header(std::string_view bytes);
  std::size_t push_body(std::string_view bytes);
  void take_header();
  void refuse(int status, std::string why);
  void refuse_header_size();

  const Limits limits_;
  std::unique_ptr<Parser> parser_;
  Request request_;
  Stage stage_ = Stage::header;
  std::size_t looked_at_bytes_ = 0;  ///< of a header that hasn't come whole
  std::size_t header_bytes_ = 0;
  std::uint64_t body_wire_bytes_ = 0;  ///< the body as sent, framing included
  std::uint64_t least_framing_bytes_ = 0;
  bool keep_alive_ = false;
  bool expects_continue_ = false;
  int status_ = 0;
  std::string why_;
};

}  // namespace rearview::http

#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "http/response.h"

namespace rearview::http {

/// The right to answer one request, once. Any thread. Copies share that right; when the last copy
/// goes without an answer the client gets 503.
class Responder {
 public:
  using Send = std::function<void(Response)>;
  using Fail = std::function<void(int status, std::string_view detail)>;
  /// send and fail are called at most once between them, on the thread that answers.
  Responder(Send send, Fail fail);

  void respond(Response response) const;
  /// Answers in the server's error format.
  void fail(int status, std::string_view detail) const;

 private:
  struct Right;
  std::shared_ptr<Right> right_;
};

}  // namespace rearview::http

#include "http/responder.h"

#include <atomic>

namespace rearview::http {

struct Responder::Right {
  Right(Send s, Fail f) : send(std::move(s)), fail(std::move(f)) {}
  Right(const Right&) = delete;
  Right& operator=(const Right&) = delete;
  ~Right() {
    if (!used.exchange(true)) fail(503, "the server is too busy to answer this request");
  }
  Send send;
  Fail fail;
  std::atomic<bool> used = false;
};

Responder::Responder(Send send, Fail fail)
    : right_(std::make_shared<Right>(std::move(send), std::move(fail))) {}

void Responder::respond(Response response) const {
  if (!right_->used.exchange(true)) right_->send(std::move(response));
}

void Responder::fail(int status, std::string_view detail) const {
  if (!right_->used.exchange(true)) right_->fail(status, detail);
}

}  // namespace rearview::http

#include "http/queued_stream.h"
//
#include <array>
#include <boost/asio/buffer.hpp>
#include <optional>

namespace rearview::http {
namespace {

/// A stream whose pieces go out as they are.
class SocketStream final : public QueuedStream {
 public:
  SocketStream(const std::shared_ptr<Server::Core>& core, Socket socket, Client client,
               const Request& request)
      : QueuedStream(core, std::move(client), request.still_admitted), socket_(std::move(socket)) {}

  void start(std::string head, const StreamBody& body) {
    bound_send_buffer(*socket_, config());
    opened();
    watch_for_close();
    head += body.preamble;
    send(std::make_shared<const std::string>(std::move(head)));
    body.opened(shared_from_this());
  }

 private:
  void transmit(const Bytes& piece) override {
    left_ = asio::buffer(*piece);
    write_more();
  }
  void drop_socket() override {
    if (!under_way()) socket_->finish_now();  // else the client must see that something is missing
    socket_.reset();
  }

  void write_more() {
    socket_->async_write_some(left_, guarded([this](error_code error, std::size_t bytes) {
                                if (!open()) return;
                                if (error) {
                                  finish();
                                  return;
                                }
                                progressed(bytes);
                                left_ += bytes;
                                if (left_.size() > 0) {
                                  write_more();
                                } else {
                                  sent();
                                }
                              }));
  }

  /// What a client sends on a stream is thrown away; its end closes the stream.
  void watch_for_close() {
    socket_->async_read_some(asio::buffer(discarded_),
                             guarded([this](error_code error, std::size_t) {
                               if (!open()) return;
                               if (error) {
                                 finish();
                               } else {
                                 watch_for_close();
                               }
                             }));
  }

  std::optional<Socket> socket_;
  asio::const_buffer left_;
  std::array<char, 512> discarded_{};
};

}  // namespace

void start_stream(const std::shared_ptr<Server::Core>& core, Socket socket, Client client,
                  const Request& request, std::string head, StreamBody body) {
  const auto stream =
      std::make_shared<SocketStream>(core, std::move(socket), std::move(client), request);
  core->guard(stream, [&] { stream->start(std::move(head), body); });
}

}  // namespace rearview::http

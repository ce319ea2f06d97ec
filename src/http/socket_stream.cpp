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
  SocketStream(const std::shared_ptr<Server::Core>& core, Socket socket)
      : QueuedStream(core), socket_(std::move(socket)) {}

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

  std::shared_ptr<SocketStream> self() {
    return std::static_pointer_cast<SocketStream>(shared_from_this());
  }

  void write_more() {
    socket_->async_write_some(left_, [self = self()](error_code error, std::size_t bytes) {
      if (!self->open()) return;
      if (error) {
        self->finish();
        return;
      }
      self->progressed(bytes);
      self->left_ += bytes;
      if (self->left_.size() > 0) {
        self->write_more();
      } else {
        self->sent();
      }
    });
  }

  /// What a client sends on a stream is thrown away; its end closes the stream.
  void watch_for_close() {
    socket_->async_read_some(asio::buffer(discarded_),
                             [self = self()](error_code error, std::size_t) {
                               if (!self->open()) return;
                               if (error) {
                                 self->finish();
                               } else {
                                 self->watch_for_close();
                               }
                             });
  }

  std::optional<Socket> socket_;
  asio::const_buffer left_;
  std::array<char, 512> discarded_{};
};

}  // namespace

void start_stream(const std::shared_ptr<Server::Core>& core, Socket socket, std::string head,
                  StreamBody body) {
  std::make_shared<SocketStream>(core, std::move(socket))->start(std::move(head), body);
}

}  // namespace rearview::http

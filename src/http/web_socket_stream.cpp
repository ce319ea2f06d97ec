#include "http/queued_stream.h"
//
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <optional>

namespace rearview::http {
namespace {

namespace beast = boost::beast;
namespace websocket = beast::websocket;

/// Clients have nothing to say but control frames; more than this closes the connection.
constexpr std::size_t kMostFromClient = 4096;

/// A stream whose pieces go out as messages (RFC 6455).
class WebSocketStream final : public QueuedStream {
 public:
  WebSocketStream(const std::shared_ptr<Server::Core>& core, Socket socket, Client client,
                  const Request& request)
      : QueuedStream(core, std::move(client), request.still_admitted),
        socket_(std::in_place, std::move(socket)) {}

  void start(const Request& request, WebSocketBody body) {
    bound_send_buffer(socket_->next_layer(), config());
    socket_->text(body.messages == Messages::text);
    socket_->auto_fragment(false);  // a message is a frame, whatever its size
    socket_->read_message_max(kMostFromClient);
    opened();
    progressed(0);  // the handshake has to get through in the usual time
    handshake_ = Handshake(beast::http::verb::get, request.target, 11);
    for (const auto& [name, value] : request.headers) handshake_.insert(name, value);
    socket_->async_accept(handshake_, guarded([this, body = std::move(body)](error_code error) {
                            if (!open()) return;
                            if (error) {
                              finish();
                              return;
                            }
                            idle_from_now();
                            read();
                            body.opened(shared_from_this());
                          }));
  }

 private:
  using Handshake = beast::http::request<beast::http::string_body>;

  void transmit(const Bytes& piece) override {
    socket_->async_write(asio::buffer(*piece), guarded([this](error_code error, std::size_t bytes) {
                           if (!open()) return;
                           if (error) {
                             finish();
                             return;
                           }
                           progressed(bytes);
                           sent();
                         }));
  }
  void drop_socket() override { socket_.reset(); }

  /// Answers pings and the closing handshake; what else the client says is thrown away.
  void read() {
    socket_->async_read(discarded_, guarded([this](error_code error, std::size_t) {
                          if (!open()) return;
                          if (error) {
                            finish();
                            return;
                          }
                          discarded_.clear();
                          read();
                        }));
  }

  std::optional<websocket::stream<Socket>> socket_;
  Handshake handshake_;
  beast::flat_buffer discarded_;
};

}  // namespace

void start_web_socket(const std::shared_ptr<Server::Core>& core, Socket socket, Client client,
                      const Request& request, WebSocketBody body) {
  const auto stream =
      std::make_shared<WebSocketStream>(core, std::move(socket), std::move(client), request);
  core->guard(stream, [&] { stream->start(request, std::move(body)); });
}

}  // namespace rearview::http

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace rearview::test {

/// A TCP server on this machine that plays a script to each client, in a thread of its own.
class FakeCamera {
 public:
  /// One connection, for the script. All calls end when the camera is destroyed.
  class Client {
   public:
    Client(int socket, const std::atomic<bool>& stopping) : socket_(socket), stopping_(stopping) {}
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// False when the client has gone.
    bool send(std::span<const std::uint8_t> bytes);
    /// In pieces of 1 to `longest` bytes, cut at random places.
    bool send_in_pieces(std::span<const std::uint8_t> bytes, std::size_t longest, unsigned seed);
    /// Lets time pass; for what the receiver measures by the clock.
    void pause_ms(int ms) const;
    /// Until the condition holds; false when the camera stops first.
    bool wait(const std::function<bool()>& condition) const;
    /// Keeps the connection open until the client closes it; true when it did.
    bool hold();
    /// Ends the connection with a reset instead of in good order.
    void reset();

   private:
    int socket_;
    const std::atomic<bool>& stopping_;
  };
  /// connection: 0 for the first.
  using Script = std::function<void(Client& client, int connection)>;

  /// port 0: any free one.
  explicit FakeCamera(Script script, std::uint16_t port = 0);
  ~FakeCamera();

  std::uint16_t port() const { return port_; }
  std::string url() const { return "tcp://127.0.0.1:" + std::to_string(port_); }
  int connections() const { return connections_; }

 private:
  void accept_all();

  Script script_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> connections_ = 0;
  std::vector<std::thread> clients_;
  std::thread acceptor_;
};

/// A port on which nobody listens, nor will: it isn't one of those that the system gives to who
/// asks for any.
std::uint16_t unused_port();

}  // namespace rearview::test

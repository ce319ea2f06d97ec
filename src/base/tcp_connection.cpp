#include "base/tcp_connection.h"

#include <fmt/core.h>
#include <poll.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <utility>

#include "base/clock.h"
#include "base/host_lookup.h"

namespace rearview {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr int kLookForStop_ms = 20;

}  // namespace

struct TcpConnection::State {
  explicit State(std::stop_token s)
      : stop(std::move(s)), socket(context), on_stop(stop, [this] { context.stop(); }) {}

  // Runs until one handler has run, time is up or stop is asked for.
  void run_one_until(SteadyTime deadline) {
    context.restart();
    if (!stop.stop_requested()) context.run_one_until(deadline);
  }

  std::optional<error_code> try_address(const SocketAddress& address, SteadyTime deadline) {
    tcp::endpoint endpoint;
    if (address.bytes.size() > endpoint.capacity()) return error_code(asio::error::fault);
    std::memcpy(endpoint.data(), address.bytes.data(), address.bytes.size());
    endpoint.resize(address.bytes.size());

    std::optional<error_code> result;
    error_code ignored;
    socket.close(ignored);
    socket.async_connect(endpoint, [&result](const error_code& error) { result = error; });
    run_one_until(deadline);
    if (!result) {
      socket.close(ignored);
      context.restart();
      context.poll();  // the handler refers to this call's result
      result.reset();
    }
    return result;
  }

  std::stop_token stop;
  asio::io_context context{1};
  tcp::socket socket;
  bool waiting = false;
  std::stop_callback<std::function<void()>> on_stop;
};

TcpConnection::TcpConnection(std::stop_token stop)
    : state_(std::make_unique<State>(std::move(stop))) {}

TcpConnection::~TcpConnection() = default;

void TcpConnection::connect(const Endpoint& endpoint, std::chrono::milliseconds timeout) {
  State& s = *state_;
  const SteadyTime deadline = SteadyClock::now() + timeout;
  const auto addresses = look_up(endpoint, timeout, s.stop);
  std::string reason = "no address";
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    // Each address gets its share of the time that is left.
    const SteadyTime now = SteadyClock::now();
    const SteadyTime until = now + (deadline - now) / static_cast<int>(addresses.size() - i);
    const auto error = s.try_address(addresses[i], until);
    if (s.stop.stop_requested()) throw std::runtime_error("stopped");
    if (!error) {
      reason = "no answer in time";
    } else if (*error) {
      reason = error->message();
    } else {
      s.socket.non_blocking(true);
      return;
    }
  }
  throw std::runtime_error(fmt::format("{}: {}", endpoint.text(), reason));
}

TcpConnection::Read TcpConnection::read(std::span<std::uint8_t> target,
                                        std::chrono::microseconds wait) {
  State& s = *state_;
  const SteadyTime deadline = SteadyClock::now() + wait;
  for (;;) {
    if (s.stop.stop_requested()) return {Status::stopped, 0, {}};
    error_code error;
    const std::size_t bytes = s.socket.read_some(asio::buffer(target.data(), target.size()), error);
    if (!error) return {Status::data, bytes, {}};
    if (error == asio::error::eof) return {Status::closed, 0, kClosedByPeer};
    if (error != asio::error::would_block && error != asio::error::try_again)
      return {Status::closed, 0, error.message()};
    if (SteadyClock::now() >= deadline) return {Status::quiet, 0, {}};
    if (!s.waiting) {  // one that outlasted an earlier call still stands
      s.waiting = true;
      s.socket.async_wait(tcp::socket::wait_read, [&s](const error_code&) { s.waiting = false; });
    }
    s.run_one_until(deadline);
  }
}

void TcpConnection::write(std::span<const std::uint8_t> bytes, std::chrono::microseconds wait) {
  State& s = *state_;
  const SteadyTime deadline = SteadyClock::now() + wait;
  while (!bytes.empty()) {
    if (s.stop.stop_requested()) throw std::runtime_error("stopped");
    error_code error;
    const std::size_t sent = s.socket.write_some(asio::buffer(bytes.data(), bytes.size()), error);
    bytes = bytes.subspan(sent);
    if (!error) continue;
    if (error != asio::error::would_block && error != asio::error::try_again)
      throw std::runtime_error(error.message());
    const auto left = deadline - SteadyClock::now();
    if (left <= left.zero()) throw std::runtime_error("nothing is taken");
    pollfd room{s.socket.native_handle(), POLLOUT, 0};
    poll(&room, 1, kLookForStop_ms);
  }
}

}  // namespace rearview

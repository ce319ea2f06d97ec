#include "http/server.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/log.h"
#include "http/server_core.h"

namespace rearview::http {

using asio::ip::tcp;

namespace {

constexpr std::chrono::milliseconds kSweepPeriod{200};

Client client_at(const tcp::endpoint& endpoint) {
  asio::ip::address address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  const std::string text = address.to_string();
  return {address.is_v6() ? fmt::format("[{}]:{}", text, endpoint.port())
                          : fmt::format("{}:{}", text, endpoint.port()),
          address};
}

void refuse(tcp::socket& socket) {
  static constexpr std::string_view kAnswer =
      "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 5\r\n"
      "Connection: close\r\n\r\n";
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.send(asio::buffer(kAnswer), 0, ignored);
  socket.shutdown(tcp::socket::shutdown_send, ignored);
}

}  // namespace

void Gate::deliver(std::function<void()> task) {
  {
    const MutexLock lock(mutex_);
    if (!loop_) return;
    if (!loop_->here()) {
      loop_->post(std::move(task));
      return;
    }
  }
  task();
}

void Gate::close() {
  const MutexLock lock(mutex_);
  loop_ = nullptr;
}

void Server::Core::admit(tcp::socket socket) {
  ++stats.connections_accepted;
  error_code error;
  const tcp::endpoint remote = socket.remote_endpoint(error);
  if (error) return;
  Client client = client_at(remote);
  if (!make_room_for(client.address)) {
    ++stats.connections_refused;
    refuse(socket);
    return;
  }
  socket.set_option(tcp::no_delay(true), error);
  if (identity)
    start_doorkeeper(shared_from_this(), std::move(socket), std::move(client));
  else
    start_connection(shared_from_this(), Socket(std::move(socket)), std::move(client));
}

bool Server::Core::make_room_for(const asio::ip::address& address) {
  const bool of_its_own = visitors.open(address).connections >= config.max_connections_per_address;
  if (!of_its_own && peers.size() < config.max_connections) return true;
  // Whoever holds most gives way first, and of his the one that has been silent for longest: so
  // that the newest, who had no time to speak yet, is not the one that is driven out.
  std::shared_ptr<Peer> found;
  std::pair<std::size_t, SteadyClock::duration> most{};
  const SteadyTime now = config.now();
  for (const auto& peer : peers) {
    const auto silent_since = peer->silent_since();
    if (!silent_since || (of_its_own && peer->client().address != address)) continue;
    const std::pair held{visitors.open(peer->client().address).connections, now - *silent_since};
    if (found && held <= most) continue;
    found = peer;
    most = held;
  }
  if (!found) return false;
  ++stats.connections_displaced;
  guard(found, [&found] { found->drop(); });
  return true;
}

bool Server::Core::has_room_for_stream(const Client& client) const {
  const auto but_for_reserve = [](std::size_t all) {
    return all - std::max<std::size_t>(1, all / 8);
  };
  return stats.streams_open < but_for_reserve(config.max_connections) &&
         visitors.open(client.address).streams <
             but_for_reserve(config.max_connections_per_address);
}

void Server::Core::sweep() {
  const SteadyTime now = config.now();
  std::vector<std::shared_ptr<Peer>> late;
  std::vector<std::shared_ptr<Peer>> shut_out;
  for (const auto& peer : peers) {
    if (peer->deadline() <= now)
      late.push_back(peer);
    else if (!peer->admitted())
      shut_out.push_back(peer);
  }
  for (const auto& peer : shut_out) guard(peer, [&peer] { peer->drop(); });
  for (const auto& peer : late) {
    guard(peer, [&peer] { peer->expire(); });
  }
  visitors.forget_absent(now);
}

void Server::Core::tls_failed(const Client& client, std::string_view why) {
  const std::uint64_t all = ++stats.tls_failures;
  if (const auto since = tls_pause.due(all))
    log::warning("http", "a TLS handshake failed",
                 {{"peer", client.name}, {"why", why}, {"failures", *since}});
}

void Server::Core::failed(const Peer& peer, const std::string& why) {
  const std::uint64_t all = ++stats.connections_failed;
  if (const auto since = failure_pause.due(all))
    log::error("http", "a connection was ended by a fault of this program",
               {{"peer", peer.client().name}, {"error", why}, {"failures", *since}});
}

PeerExecutor::PeerExecutor(std::shared_ptr<Server::Core> core, std::shared_ptr<Peer> peer)
    : core_(std::move(core)),
      peer_(std::move(peer)),
      inner_(core_->loop.impl().io.get_executor()) {}

void Server::Core::stop() {
  if (std::exchange(stopped, true)) return;
  gate->close();
  acceptor.close();
  sweeper.reset();
  for (const auto& peer : std::exchange(peers, {})) peer->abandon();
}

Server::Server(IoLoop& loop, ServerConfig config, Router router, ErrorFormat error_format)
    : core_(std::make_shared<Core>(loop, std::move(config), std::move(router),
                                   std::move(error_format))) {}

Server::~Server() {
  stop();
}

std::uint16_t Server::port() const {
  return core_->acceptor.bound().port;
}

void Server::start() {
  core_->loop.post([core = core_] {
    if (core->stopped) return;
    core->sweeper = core->loop.every(kSweepPeriod, [raw = core.get()] { raw->sweep(); });
    core->acceptor.start([raw = core.get()](tcp::socket socket) {
      raw->loop.impl().survive([&] { raw->admit(std::move(socket)); });
    });
  });
}

void Server::stop() {
  core_->loop.run([this] { core_->stop(); });
  core_->workers.stop();
  core_->body_workers.stop();
}

void Server::answer_on_worker(Responder responder, std::function<Response()> answer) {
  core_->workers.post([responder = std::move(responder), answer = std::move(answer)] {
    try {
      responder.respond(answer());
    } catch (const HttpError& error) {
      responder.fail(error.status, error.what());
    } catch (...) {
      log::error("http", "a request failed", {{"error", thrown()}});
      responder.fail(500, "the request failed inside the server");
    }
  });
}

bool Server::on_worker(std::function<void()> task) {
  return core_->workers.post(std::move(task));
}

void Server::exchange_identity(std::shared_ptr<const TlsIdentity> identity) {
  core_->identity = std::move(identity);
}

const ServerStats& Server::stats() const {
  core_->stats.connections_open = core_->peers.size();
  return core_->stats;
}

}  // namespace rearview::http

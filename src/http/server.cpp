#include "http/server.h"

#include <fmt/format.h>

#include <array>
#include <vector>

#include "base/log.h"
#include "http/server_core.h"

namespace rearview::http {

using asio::ip::tcp;

namespace {

constexpr std::chrono::milliseconds kSweepPeriod{200};
constexpr std::chrono::milliseconds kAcceptPause{100};
/// Between two lines about failed handshakes.
constexpr std::chrono::seconds kTlsLogPause{10};

std::string name_of(const tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  return endpoint.address().is_v6() ? fmt::format("[{}]:{}", address, endpoint.port())
                                    : fmt::format("{}:{}", address, endpoint.port());
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
    const std::lock_guard lock(mutex_);
    if (!loop_) return;
    if (!loop_->here()) {
      loop_->post(std::move(task));
      return;
    }
  }
  task();
}

void Gate::close() {
  const std::lock_guard lock(mutex_);
  loop_ = nullptr;
}

void Server::Core::bind() {
  const std::string where = fmt::format("{}:{}", config.host, config.port);
  error_code error;
  tcp::endpoint endpoint(asio::ip::make_address(config.host, error), config.port);
  if (error) {
    tcp::resolver resolver(loop.impl().io);
    const auto found =
        resolver.resolve(config.host, std::to_string(config.port), tcp::resolver::passive, error);
    if (error || found.empty())
      throw std::runtime_error(
          fmt::format("can't listen on {}: {} is not an address of this machine and does not "
                      "resolve to one ({})",
                      where, config.host, error.message()));
    endpoint = found.begin()->endpoint();
  }
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error)
    throw std::runtime_error(fmt::format("can't listen on {}: {}", where, error.message()));
}

void Server::Core::accept() {
  if (stopped) return;
  acceptor.async_accept([core = shared_from_this()](error_code error, tcp::socket socket) {
    if (core->stopped) return;
    if (error) {
      // Out of descriptors, mostly: trying again at once would only spin.
      log::warning("http", "can't accept a connection", {{"error", error.message()}});
      core->accept_pause.expires_after(kAcceptPause);
      core->accept_pause.async_wait([core](error_code) { core->accept(); });
      return;
    }
    ++core->stats.connections_accepted;
    if (core->peers.size() >= core->config.max_connections) {
      ++core->stats.connections_refused;
      refuse(socket);
    } else {
      error_code no_endpoint;
      const tcp::endpoint remote = socket.remote_endpoint(no_endpoint);
      if (!no_endpoint) {
        error_code ignored;
        socket.set_option(tcp::no_delay(true), ignored);
        if (core->config.tls)
          start_doorkeeper(core, std::move(socket), name_of(remote));
        else
          start_connection(core, Socket(std::move(socket)), name_of(remote));
      }
    }
    core->accept();
  });
}

void Server::Core::sweep() {
  const SteadyTime now = config.now();
  std::vector<std::shared_ptr<Peer>> late;
  for (const auto& peer : peers) {
    if (peer->deadline() <= now) late.push_back(peer);
  }
  for (const auto& peer : late) peer->expire();
}

void Server::Core::tls_failed(const std::string& peer, std::string_view why) {
  ++stats.tls_failures;
  const SteadyTime now = SteadyClock::now();
  if (told_of_tls && now - *told_of_tls < kTlsLogPause) return;
  told_of_tls = now;
  log::warning(
      "http", "a TLS handshake failed",
      {{"peer", peer},
       {"why", why},
       {"failures", stats.tls_failures - std::exchange(tls_failures_told, stats.tls_failures)}});
}

void Server::Core::stop() {
  if (std::exchange(stopped, true)) return;
  gate->close();
  error_code ignored;
  acceptor.close(ignored);
  accept_pause.cancel();
  sweeper.reset();
  for (const auto& peer : std::exchange(peers, {})) peer->abandon();
}

Server::Server(IoLoop& loop, ServerConfig config, Router router, ErrorFormat error_format)
    : core_(std::make_shared<Core>(loop, std::move(config), std::move(router),
                                   std::move(error_format))) {
  core_->bind();
}

Server::~Server() {
  stop();
}

std::uint16_t Server::port() const {
  error_code ignored;
  return core_->acceptor.local_endpoint(ignored).port();
}

void Server::start() {
  core_->loop.post([core = core_] {
    if (core->stopped) return;
    core->sweeper = core->loop.every(kSweepPeriod, [raw = core.get()] { raw->sweep(); });
    core->accept();
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
    } catch (const std::exception& error) {
      log::error("http", "a request failed", {{"error", error.what()}});
      responder.fail(500, "the request failed inside the server");
    }
  });
}

bool Server::on_worker(std::function<void()> task) {
  return core_->workers.post(std::move(task));
}

const ServerStats& Server::stats() const {
  core_->stats.connections_open = core_->peers.size();
  return core_->stats;
}

}  // namespace rearview::http

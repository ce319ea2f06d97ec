#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/temporary_folder.h"
#include "http/server.h"
#include "http/stream.h"
#include "tests/http/raw_client.h"
#include "tests/http/throwaway_identity.h"
#include "tests/support/eventually.h"
#include "tests/support/standing_clock.h"

namespace rearview::http {

using test::eventually;
using test::get;
using test::RawClient;
using test::RawResponse;
using test::Transport;

/// A server on a free port with one of everything, and its clients, over plain HTTP or TLS.
class ServerTest : public ::testing::TestWithParam<Transport> {
 protected:
  void SetUp() override { RawClient::usual = GetParam(); }

  /// The configuration, with TLS where the test is of it.
  static ServerConfig over_transport(ServerConfig config = {}) {
    static const test::ThrowawayIdentity identity;
    if (GetParam() == Transport::tls)
      config.tls = std::make_shared<TlsIdentity>(identity.certificate(), identity.key());
    return config;
  }

  void serve(ServerConfig config = {}, ErrorFormat errors = problem) {
    Router router;
    router.get("/hello", [](const Request&) { return text(200, "hello"); });
    router.get("/cameras/{name}/state", [](const Request& request) {
      return text(200, std::string(request.param("name")));
    });
    router.add("POST", "/echo", [](const Request& request) { return text(200, request.body); });
    router.get("/query", [](const Request& request) {
      return text(200, std::string(request.query_value("q").value_or("none")));
    });
    router.get("/teapot", [](const Request&) -> Response { throw HttpError(409, "no tea"); });
    router.get("/broken", [](const Request&) -> Response { throw std::runtime_error("secret"); });
    router.get("/forgotten", [](const Request&, Responder) {});
    router.get("/never", [this](const Request&, Responder responder) {
      const std::lock_guard lock(mutex_);
      kept_.push_back(std::move(responder));
    });
    router.get("/work", [this](const Request&, Responder responder) {
      server_->answer_on_worker(std::move(responder), [] { return text(200, "worked"); });
    });
    router.get("/file", [this](const Request&) { return file(path_, "video/mp4"); });
    router.get("/large", [](const Request&) { return text(200, std::string(20'000'000, 'x')); });
    router.get("/pieces", [](const Request& request) {
      return generated(std::make_shared<Counting>(
                           std::stoi(std::string(request.query_value("n").value_or("3")))),
                       "text/plain");
    });
    router.get("/ws", [this](const Request&) {
      return web_socket([this](std::shared_ptr<Stream> opened) {
        opened->on_closed([this] { ++streams_closed_; });
        const std::lock_guard lock(mutex_);
        streams_.push_back(std::move(opened));
      });
    });
    router.get("/stream", [this](const Request&) {
      return stream(
          "text/event-stream",
          [this](std::shared_ptr<Stream> opened) {
            opened->on_closed([this] { ++streams_closed_; });
            const std::lock_guard lock(mutex_);
            streams_.push_back(std::move(opened));
          },
          "preamble\n");
    });
    loop_.start();
    server_.emplace(loop_, over_transport(std::move(config)), std::move(router), std::move(errors));
    server_->start();
    port_ = server_->port();
  }

  void TearDown() override {
    RawClient::usual = Transport::plain;
    server_.reset();
    loop_.stop();
  }

  std::string make_file(std::size_t bytes) {
    std::string content(bytes, '\0');
    for (std::size_t i = 0; i < bytes; ++i) content[i] = static_cast<char>(i * 31 % 251);
    std::ofstream(path_, std::ios::binary) << content;
    return content;
  }

  /// Lets time pass until the client hears something, or that it is closed; false when it never
  /// does. Before that the server has read what the client sent: the sweeper looks at the clock on
  /// the same thread.
  bool hears_in_time(RawClient& client) {
    return clock_.seen(3) && eventually([&] {
             clock_.advance(std::chrono::seconds(1));
             return client.hears_within(std::chrono::milliseconds(5));
           });
  }

  std::shared_ptr<Stream> stream_number(std::size_t index) {
    std::shared_ptr<Stream> found;
    test::eventually([&] {
      const std::lock_guard lock(mutex_);
      if (streams_.size() > index) found = streams_[index];
      return found != nullptr;
    });
    return found;
  }

  ServerStats stats() {
    ServerStats copy;
    loop_.run([&] { copy = server_->stats(); });
    return copy;
  }

  class Counting final : public BodySource {
   public:
    explicit Counting(int pieces) : left_(pieces) {}
    void next(std::string& piece) override {
      if (left_ < 0) throw std::runtime_error("broke");
      if (left_-- > 0) piece = "piece " + std::to_string(left_) + "\n";
      if (left_ == 98) left_ = -1;  // a hundred pieces: breaks after the first
    }

   private:
    int left_;
  };

  std::mutex mutex_;
  std::vector<Responder> kept_;
  std::vector<std::shared_ptr<Stream>> streams_;
  std::atomic<int> streams_closed_ = 0;
  test::StandingClock clock_;  ///< for those who configure it
  const TemporaryFolder folder_;
  const std::filesystem::path path_ = folder_ / "file.bin";  ///< made by make_file()
  IoLoop loop_;
  std::optional<Server> server_;
  std::uint16_t port_ = 0;
};

}  // namespace rearview::http

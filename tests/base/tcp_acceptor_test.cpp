#include "base/tcp_acceptor.h"

#include <gmock/gmock.h>

#include <boost/asio/ip/tcp.hpp>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

namespace rearview {
namespace {

using boost::asio::ip::tcp;
using ::testing::AllOf;
using ::testing::HasSubstr;

class TcpAcceptorTest : public ::testing::Test {
 protected:
  tcp::socket connected(const TcpAcceptor& acceptor) {
    tcp::socket socket(io_);
    socket.connect({boost::asio::ip::make_address(acceptor.bound().host), acceptor.bound().port});
    return socket;
  }

  boost::asio::io_context io_{1};
};

TEST_F(TcpAcceptorTest, HandsOverWhoeverConnects) {
  TcpAcceptor acceptor(io_, {"localhost", 0});
  EXPECT_NE(acceptor.bound().port, 0);
  std::vector<tcp::socket> accepted;
  acceptor.start([&](tcp::socket socket) { accepted.push_back(std::move(socket)); });
  const tcp::socket one = connected(acceptor);
  const tcp::socket other = connected(acceptor);
  while (accepted.size() < 2) io_.run_one();
  EXPECT_EQ(accepted[0].remote_endpoint(), one.local_endpoint());
  EXPECT_EQ(accepted[1].remote_endpoint(), other.local_endpoint());
}

TEST_F(TcpAcceptorTest, WhatTakingOneThrowsKeepsNobodyElseOut) {
  TcpAcceptor acceptor(io_, {"127.0.0.1", 0});
  int accepted = 0;
  acceptor.start([&](const tcp::socket&) {
    if (++accepted == 1) throw std::bad_alloc();
  });
  const tcp::socket one = connected(acceptor);
  const tcp::socket other = connected(acceptor);
  while (accepted < 2) io_.run_one();
}

TEST_F(TcpAcceptorTest, HandsOverNobodyOnceClosedEvenByTheOneItCalls) {
  TcpAcceptor acceptor(io_, {"127.0.0.1", 0});
  int accepted = 0;
  acceptor.start([&](const tcp::socket&) {
    ++accepted;
    acceptor.close();
  });
  const tcp::socket one = connected(acceptor);
  const tcp::socket other = connected(acceptor);
  io_.run();  // comes back, since nothing is waited for any more
  EXPECT_EQ(accepted, 1);
}

TEST_F(TcpAcceptorTest, SaysWhichAddressCantBeHadAndWhy) {
  const auto said_of = [this](const Endpoint& where) -> std::string {
    try {
      const TcpAcceptor acceptor(io_, where);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "nothing";
  };
  const TcpAcceptor first(io_, {"127.0.0.1", 0});
  EXPECT_THAT(said_of(first.bound()),
              AllOf(HasSubstr("can't listen on " + first.bound().text()), HasSubstr("in use")));
  EXPECT_THAT(said_of({"no such host", 0}),
              AllOf(HasSubstr("no such host"), HasSubstr("not an address of this machine")));
}

}  // namespace
}  // namespace rearview

#pragma once

// Private to this room.
#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <map>

#include "base/clock.h"

namespace rearview::http {

/// What each address has open and how fast it asks. Holds addresses that have a connection, and for
/// two seconds those that had. Loop's thread only.
class Visitors {
 public:
  using Address = boost::asio::ip::address;
  struct Open {
    std::size_t connections = 0;  ///< streams among them
    std::size_t streams = 0;
  };

  /// An address may make so many requests a second, and twice as many at once.
  explicit Visitors(double requests_per_s) : requests_per_s_(requests_per_s) {}

  void connected(const Address& address) { ++visitors_[address].open.connections; }
  void disconnected(const Address& address) { --visitors_[address].open.connections; }
  void stream_opened(const Address& address) { ++visitors_[address].open.streams; }
  void stream_closed(const Address& address) { --visitors_[address].open.streams; }
  Open open(const Address& address) const;

  /// Counts a request; false when the address asks too fast.
  bool may_ask(const Address& address, SteadyTime now);
  /// To be called now and then.
  void forget_absent(SteadyTime now);

 private:
  struct Visitor {
    Open open;
    double requests = 0;  ///< made and not yet forgotten, at the time of the last one
    SteadyTime asked_at;
  };
  double requests_per_s_;
  std::map<Address, Visitor> visitors_;
};

}  // namespace rearview::http

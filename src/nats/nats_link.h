#pragma once

#include <nats/nats.h>

#include <memory>
#include <string>

#include "nats/nats_access.h"

namespace rearview {

template <auto destroy>
struct NatsDestroyer {
  template <typename T>
  void operator()(T* thing) const {
    destroy(thing);
  }
};
template <typename T, auto destroy>
using NatsOwned = std::unique_ptr<T, NatsDestroyer<destroy>>;
using NatsMessage = NatsOwned<natsMsg, &natsMsg_Destroy>;
using NatsSubscription = NatsOwned<natsSubscription, &natsSubscription_Destroy>;

/// Has what a function of libnats gives through its first argument.
template <typename Pointer, typename Function, typename... Arguments>
natsStatus get(Pointer& target, Function function, Arguments... arguments) {
  typename Pointer::pointer raw = nullptr;
  const natsStatus status = function(&raw, arguments...);
  target.reset(raw);
  return status;
}

/// Of the last call of this thread, in libnats' words where it has some.
std::string reason_of(natsStatus status);

/// A connection to a NATS server with JetStream. One thread at a time, as far as libnats doesn't
/// say otherwise.
class NatsLink {
 public:
  enum class WhenLost {
    reconnect,  ///< for ever; what is sent meanwhile is kept
    close,      ///< nothing is kept; whoever has the link makes another
  };
  /// Connects. name: in the server's lists. Throws UsageError with a sentence that begins with the
  /// server's address, as what follows does.
  NatsLink(const NatsAccess& access, const char* name, WhenLost when_lost);

  natsConnection* connection() const { return connection_.get(); }
  jsCtx* js() const { return js_.get(); }
  /// Makes a stream where there is none of that name. One that is there must keep what it gets as
  /// this one would; size, age and replicas are its owner's. Throws UsageError.
  void have_stream(jsStreamConfig wanted) const;
  /// The server's address, as it may be printed.
  const std::string& shown() const { return shown_; }

 private:
  std::string shown_;
  std::string domain_;
  NatsOwned<natsConnection, &natsConnection_Destroy> connection_;
  NatsOwned<jsCtx, &jsCtx_Destroy> js_;
};

}  // namespace rearview

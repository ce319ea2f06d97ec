#pragma once

#include <string>

#include "http/response.h"

namespace rearview {

/// One message in the two forms that subscribers take; written once for all of them.
struct EventText {
  http::Bytes event;    ///< as a Server-Sent Event
  http::Bytes message;  ///< the bare JSON, for WebSockets
};

}  // namespace rearview

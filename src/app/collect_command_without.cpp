#include "app/collect_command.h"
#include "base/error.h"

namespace rearview {

int collect_command(const CollectOptions&) {
  throw UsageError(
      "collect: this program was built without NATS or PostgreSQL: build it where libnats-dev and "
      "libpq-dev are there (Debian 12 has both)");
}

}  // namespace rearview

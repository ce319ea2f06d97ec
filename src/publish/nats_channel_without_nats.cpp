#include "base/error.h"
#include "publish/nats_channel.h"

namespace rearview {

std::unique_ptr<Channel> make_nats_channel(const NatsConfig& config, std::vector<std::string>,
                                           const std::filesystem::path&, const EventArchive&) {
  throw UsageError(fault_of(config.access())->why);
}

}  // namespace rearview

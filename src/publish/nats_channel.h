#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "publish/channel.h"
#include "publish/publish_config.h"
#include "types/event_archive.h"

namespace rearview {

/// Alerts, passes, rides and the state of the roads to a stream of NATS JetStream, each again until
/// the stream acknowledges it. cameras: their names; folder: the store's. archive must outlive the
/// channel. Throws UsageError where this program was built without NATS.
std::unique_ptr<Channel> make_nats_channel(const NatsConfig& config,
                                           std::vector<std::string> cameras,
                                           const std::filesystem::path& folder,
                                           const EventArchive& archive);

}  // namespace rearview

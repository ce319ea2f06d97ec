#include "serve/access/access_config.h"

namespace rearview {

void AccessConfig::read(ConfigReader& reader) {
  reader.path("file", file);
  reader.boolean("this_machine", this_machine);
  reader.boolean("open_health", open_health);
  reader.boolean("open_metrics", open_metrics);
  reader.boolean("insecure", insecure);
}

}  // namespace rearview

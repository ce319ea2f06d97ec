#include "camera/record/record_config.h"

namespace rearview::camera {

void RecordConfig::read(ConfigReader& reader) {
  reader.path("folder", folder);
  reader.number("chunk_s", chunk_s, 0.5, 3600);
  reader.number("max_chunks", max_chunks, 2, 100000);
  reader.number("max_mb", max_mb, 1, 10'000'000);
  reader.number("min_free_mb", min_free_mb, 0, 1'000'000);
  reader.number("flush_ms", flush_ms, 0, 5000);
  reader.number("sync_s", sync_s, 0, 60);
}

}  // namespace rearview::camera

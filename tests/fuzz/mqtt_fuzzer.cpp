#include "tests/support/fuzz_peers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rearview::test::fuzz_mqtt({data, size});
  return 0;
}

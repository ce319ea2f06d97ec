#include "tests/support/fuzz_entries.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rearview::test::fuzz_h264({data, size});
  return 0;
}

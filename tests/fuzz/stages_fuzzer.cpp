#include "tests/support/stage_fuzz_entry.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rearview::test::fuzz_stages({data, size});
  return 0;
}

#include "tests/support/fuzz_http.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rearview::test::fuzz_web_socket({data, size});
  return 0;
}

// One of the entries of tests/support as a program of libFuzzer's; tests/fuzz/CMakeLists.txt names
// them. With $REARVIEW_CORPUS it writes what it begins with into that folder.
#include REARVIEW_FUZZ_HEADER

#include <cstdlib>
#include <filesystem>
#include <fstream>

extern "C" int LLVMFuzzerInitialize(int*, char***) {
#ifdef REARVIEW_FUZZ_SAMPLES
  if (const char* corpus = std::getenv("REARVIEW_CORPUS")) {
    int number = 0;
    for (const std::string& sample : rearview::test::REARVIEW_FUZZ_SAMPLES())
      std::ofstream(std::filesystem::path(corpus) / ("sample" + std::to_string(number++)),
                    std::ios::binary)
          << sample;
  }
#endif
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rearview::test::REARVIEW_FUZZ_ENTRY({data, size});
  return 0;
}

// Writes what fuzzing HTTP begins with: http_corpus FOLDER makes FOLDER/http_request and so on.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "tests/support/fuzz_http.h"

namespace {

void write(const std::filesystem::path& folder, const std::vector<std::string>& samples) {
  std::filesystem::create_directories(folder);
  for (std::size_t i = 0; i < samples.size(); ++i)
    std::ofstream(folder / std::to_string(i), std::ios::binary) << samples[i];
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "usage: http_corpus FOLDER\n";
    return 2;
  }
  const std::filesystem::path folder = arguments[1];
  write(folder / "http_request", rearview::test::http_request_samples());
  write(folder / "http_values", rearview::test::http_value_samples());
  write(folder / "web_socket", rearview::test::web_socket_samples());
  return 0;
}

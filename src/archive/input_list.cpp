#include "archive/input_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <set>

#include "base/error.h"
#include "base/printable_url.h"
#include "base/sha256.h"

namespace rearview {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestLine = 4096;

bool is_address(const std::string& input) {
  return input.starts_with("http://") || input.starts_with("https://");
}

bool is_recording(const fs::path& file) {
  constexpr std::array kEndings{".mkv", ".mp4",  ".h264", ".264", ".avc", ".h26l",
                                ".mov", ".webm", ".avi",  ".m4v", ".ts"};
  std::string ending = file.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end();
}

class InputList {
 public:
  void add(std::string input) {
    if (input.starts_with("file:")) input = input.substr(5);
    if (is_address(input)) return add_one(std::move(input));
    std::error_code error;
    const fs::path path = fs::canonical(input, error);
    if (error) throw UsageError(fmt::format("{}: {}", printable_url(input), error.message()));
    if (fs::is_directory(path, error)) return add_folder(path);
    add_one(path.string());
  }

  void add_lines(const std::string& list) {
    std::ifstream file(list);
    const std::size_t before = inputs_.size();
    std::string line;
    while (std::getline(file, line)) {
      if (line.size() > kLongestLine)
        throw UsageError(fmt::format("{}: a line of more than {} bytes", list, kLongestLine));
      if (!line.empty()) add(line);
    }
    if (!file.eof()) throw UsageError(fmt::format("@{}: can't be read", list));
    if (inputs_.size() == before) throw UsageError(fmt::format("@{}: names no recording", list));
  }

  std::vector<std::string> take() { return std::move(inputs_); }

 private:
  void add_folder(const fs::path& folder) {
    std::vector<std::string> found;
    std::error_code error;
    for (fs::recursive_directory_iterator it(folder, error);
         !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
      std::error_code gone;
      if (it->is_regular_file(gone) && is_recording(it->path()))
        found.push_back(it->path().string());
    }
    if (error) throw UsageError(fmt::format("{}: {}", folder.string(), error.message()));
    if (found.empty()) throw UsageError(fmt::format("{}: no recording in it", folder.string()));
    std::sort(found.begin(), found.end());
    for (std::string& one : found) add_one(std::move(one));
  }

  void add_one(std::string input) {
    if (!known_.insert(input).second)
      throw UsageError(fmt::format("{} is named twice", printable_url(input)));
    inputs_.push_back(std::move(input));
  }

  std::vector<std::string> inputs_;
  std::set<std::string> known_;
};

}  // namespace

std::vector<std::string> input_list(const std::vector<std::string>& inputs) {
  InputList list;
  for (const std::string& input : inputs) {
    if (input.starts_with('@'))
      list.add_lines(input.substr(1));
    else
      list.add(input);
  }
  return list.take();
}

bool Shard::has(const std::string& input) const {
  Sha256 sha256;
  sha256.add(input);
  std::uint32_t hash = 0;
  const std::string digits = sha256.finish().substr(0, 8);
  std::from_chars(digits.data(), digits.data() + digits.size(), hash, 16);
  return hash % of == number;
}

Shard parse_shard(const std::string& text) {
  Shard shard;
  const char* const end = text.data() + text.size();
  const auto [slash, first] = std::from_chars(text.data(), end, shard.number);
  if (first == std::errc() && slash != end && *slash == '/') {
    const auto [rest, second] = std::from_chars(slash + 1, end, shard.of);
    if (second == std::errc() && rest == end && shard.number < shard.of) return shard;
  }
  throw UsageError(fmt::format("--shard: \"{}\" is not I/N with I from 0 to N - 1", text));
}

}  // namespace rearview

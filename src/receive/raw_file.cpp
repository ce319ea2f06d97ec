#include "receive/raw_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "base/error.h"
#include "receive/stream_url.h"

namespace rearview {
namespace {

bool named_as_raw(const std::string& path) {
  return std::ranges::any_of(std::array{".h264", ".264", ".avc", ".h26l"},
                             [&](const char* ending) { return path.ends_with(ending); });
}

// An Annex-B stream begins with a start code and a NAL unit type that can begin one; MPEG program
// streams begin with 00 00 01 too, but with a byte above 0x7f behind it.
bool looks_raw(std::span<const std::uint8_t> head) {
  std::size_t at = 0;
  while (at < head.size() && head[at] == 0) ++at;
  if (at < 2 || at + 1 >= head.size() || head[at] != 1) return false;
  const unsigned header = head[at + 1];
  const unsigned type = header & 0x1f;
  return header < 0x80 && (type == 1 || (type >= 5 && type <= 9));
}

}  // namespace

std::size_t RawFile::read(std::span<std::uint8_t> target) {
  const std::size_t size = std::fread(target.data(), 1, target.size(), file_.get());
  if (size < target.size() && std::ferror(file_.get()) != 0)
    throw std::runtime_error(
        fmt::format("reading the recording: {}", std::generic_category().message(errno)));
  return size;
}

void RawFile::rewind() {
  std::rewind(file_.get());
}

std::optional<RawFile> open_raw_file(const std::string& input) {
  if (!is_file(input)) return std::nullopt;
  const std::string path = file_path(input);
  std::FILE* opened = std::fopen(path.c_str(), "rbe");
  if (opened == nullptr)
    throw UsageError(fmt::format("{}: {}", path, std::generic_category().message(errno)));
  RawFile file(opened);
  if (named_as_raw(path)) return file;
  std::array<std::uint8_t, 512> head{};
  const std::size_t size = std::fread(head.data(), 1, head.size(), opened);
  file.rewind();
  if (!looks_raw(std::span(head).first(size))) return std::nullopt;
  return file;
}

}  // namespace rearview

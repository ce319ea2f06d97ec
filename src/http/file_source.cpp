#include "http/file_source.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace rearview::http {
namespace {

constexpr std::size_t kPieceBytes = 128 * 1024;

}  // namespace

FileSource::FileSource(OpenFile file, ByteRange range)
    : file_(std::move(file)), at_(range.first), end_(range.last + 1) {}

void FileSource::next(std::string& piece) {
  const std::size_t wanted =
      static_cast<std::size_t>(std::min<std::uint64_t>(kPieceBytes, end_ - at_));
  piece.resize(wanted);
  std::size_t have = 0;
  while (have < wanted) {
    const ssize_t got = ::pread(file_.descriptor(), piece.data() + have, wanted - have,
                                static_cast<off_t>(at_ + have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw std::system_error(errno, std::generic_category(), "reading a file");
    if (got == 0) throw std::runtime_error("a file got shorter while it was sent");
    have += static_cast<std::size_t>(got);
  }
  at_ += wanted;
}

}  // namespace rearview::http

#include "archive/result_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "base/error.h"

namespace rearview {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPart = ".part";
/// Longer than any result takes from one piece to the next.
constexpr std::chrono::hours kLeft{24};
/// More than a result of an hour has.
constexpr std::int64_t kRoom_bytes = 16 << 20;

void sweep(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator it(folder, error); !error && it != fs::directory_iterator();
       it.increment(error)) {
    std::error_code gone;
    const auto written = fs::last_write_time(it->path(), gone);
    if (!gone && it->path().extension() == kPart &&
        fs::file_time_type::clock::now() - written > kLeft)
      fs::remove(it->path(), gone);
  }
}

void sync_folder(const fs::path& folder) {
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0 || fsync(descriptor) != 0) {
    const int error = errno;
    if (descriptor >= 0) close(descriptor);
    throw FolderFailed(
        fmt::format("{}: {}", folder.string(), std::generic_category().message(error)));
  }
  close(descriptor);
}

}  // namespace

ResultFolder::ResultFolder(fs::path folder) : folder_(std::move(folder)) {
  std::error_code error;
  fs::create_directories(folder_, error);
  try {
    const File probe(folder_, "probe");
  } catch (const FolderFailed& e) {
    throw UsageError(fmt::format("--out: {}", e.what()));
  }
  sweep(folder_);
}

bool ResultFolder::has(const std::string& name) const {
  std::error_code error;
  return fs::exists(folder_ / (name + ".json"), error) &&
         fs::exists(folder_ / (name + ".jsonl.zst"), error);
}

bool ResultFolder::has_room() const {
  try {
    File(folder_, "probe").reserve(kRoom_bytes);
    return true;
  } catch (const FolderFailed&) {
    return false;
  }
}

nlohmann::json ResultFolder::about(const std::string& name) const {
  std::ifstream file(folder_ / (name + ".json"));
  auto json = nlohmann::json::parse(file, nullptr, false);
  return json.is_object() ? json : nlohmann::json::object();
}

ResultFolder::File::File(const fs::path& folder, const std::string& name)
    : name_(folder / name), part_((folder / (name + ".XXXXXX")).string() + kPart) {
  descriptor_ =
      mkostemps(part_.data(), static_cast<int>(std::string_view(kPart).size()), O_CLOEXEC);
  if (descriptor_ < 0)
    throw FolderFailed(fmt::format("{}: nothing can be written in it: {}", folder.string(),
                                   std::generic_category().message(errno)));
}

ResultFolder::File::~File() {
  if (descriptor_ < 0) return;
  close(descriptor_);
  unlink(part_.c_str());
}

void ResultFolder::File::fail(int error) const {
  throw FolderFailed(fmt::format("{}: {}", name_.string(), std::generic_category().message(error)));
}

void ResultFolder::File::reserve(std::int64_t bytes) {
  if (const int error = posix_fallocate(descriptor_, 0, bytes); error != 0) fail(error);
}

void ResultFolder::File::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR) fail(errno);
    if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void ResultFolder::File::publish() {
  // Others read it; mkostemps() makes it for us alone.
  if (fchmod(descriptor_, 0644) != 0 || fsync(descriptor_) != 0) fail(errno);
  if (rename(part_.c_str(), name_.c_str()) != 0) fail(errno);
  close(std::exchange(descriptor_, -1));
  sync_folder(name_.parent_path());
}

struct ResultFolder::Writer::Zstd {
  std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context{ZSTD_createCCtx(), &ZSTD_freeCCtx};
  std::string out = std::string(ZSTD_CStreamOutSize(), '\0');
};

ResultFolder::Writer::Writer(const ResultFolder& folder, const std::string& name)
    : folder_(folder.folder_),
      name_(name),
      lines_(folder_, name + ".jsonl.zst"),
      zstd_(std::make_unique<Zstd>()) {
  if (!zstd_->context) throw std::bad_alloc();
  ZSTD_CCtx_setParameter(zstd_->context.get(), ZSTD_c_checksumFlag, 1);
}

ResultFolder::Writer::~Writer() = default;

void ResultFolder::Writer::compress(std::string_view bytes, bool end) {
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  for (;;) {
    ZSTD_outBuffer out{zstd_->out.data(), zstd_->out.size(), 0};
    const std::size_t left =
        ZSTD_compressStream2(zstd_->context.get(), &out, &in, end ? ZSTD_e_end : ZSTD_e_continue);
    if (ZSTD_isError(left) != 0)
      throw std::runtime_error(fmt::format("zstd: {}", ZSTD_getErrorName(left)));
    lines_.write({zstd_->out.data(), out.pos});
    if (end ? left == 0 : in.pos == in.size) return;
  }
}

void ResultFolder::Writer::line(std::string_view text) {
  compress(text, false);
  compress("\n", false);
}

void ResultFolder::Writer::finish(const nlohmann::ordered_json& about) {
  compress({}, true);
  lines_.publish();
  // The last of the two says that the result is whole.
  File file(folder_, name_ + ".json");
  file.write(about.dump(2) + "\n");
  file.publish();
}

}  // namespace rearview

#include "camera/record/recordings.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <system_error>
#include <utility>

namespace rearview::camera {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "log";
constexpr std::string_view kVideo = ".mkv";
constexpr std::string_view kUnnamed = ".mkv.part";
constexpr std::string_view kPicture = ".jpg";

// The smallest file with a picture in it: the header alone takes some 700 bytes.
constexpr std::uint64_t kLeastBytes = 1024;

std::optional<std::uint64_t> digits(std::string_view text, std::size_t least) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (text.size() < least || error != std::errc{} || stopped != end) return std::nullopt;
  return value;
}

/// The number in "log0042<ending>".
std::optional<std::uint64_t> number_in(std::string_view name, std::string_view ending) {
  if (!name.starts_with(kPrefix) || !name.ends_with(ending)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  name.remove_suffix(ending.size());
  return digits(name, 4);
}

bool is_thumbnail(std::string_view name) {
  if (!name.ends_with(kPicture)) return false;
  name.remove_suffix(kPicture.size());
  const auto underscore = name.find('_');
  return underscore != std::string_view::npos &&
         number_in(name.substr(0, underscore), "").has_value() &&
         digits(name.substr(underscore + 1), 1).has_value();
}

bool is_there(const fs::path& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0;
}

/// The file name when path is folder and one name, written exactly as list() writes it: so no
/// "..", no other folder and no other spelling can get through.
std::optional<std::string_view> name_within(const fs::path& folder, std::string_view path) {
  const std::string prefix = folder.string() + "/";
  if (!path.starts_with(prefix)) return std::nullopt;
  path.remove_prefix(prefix.size());
  if (path.empty() || path.find('/') != std::string_view::npos) return std::nullopt;
  return path;
}

}  // namespace

Recordings::Recordings(fs::path folder) : folder_(fs::absolute(folder).lexically_normal()) {
  if (!folder_.has_filename()) folder_ = folder_.parent_path();
  std::error_code ignored;
  fs::create_directories(folder_, ignored);
}

std::vector<Recordings::Chunk> Recordings::list() const {
  const std::uint64_t open_number = open_number_;
  std::vector<Chunk> chunks;
  std::error_code error;
  for (fs::directory_iterator it(folder_, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    const auto number = number_in(name, kVideo);
    struct stat status {};
    if (!number || lstat(it->path().c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    chunks.push_back(
        {it->path(), *number, static_cast<std::uint64_t>(status.st_size), status.st_mtim.tv_sec,
         is_there(fs::path(it->path()).replace_extension("lock")), number == open_number});
  }
  std::sort(chunks.begin(), chunks.end(),
            [](const Chunk& a, const Chunk& b) { return a.number < b.number; });
  return chunks;
}

std::optional<Recordings::Chunk> Recordings::find(std::string_view path) const {
  const auto name = name_within(folder_, path);
  return name ? find_name(*name) : std::nullopt;
}

std::optional<Recordings::Chunk> Recordings::find_name(std::string_view name) const {
  for (Chunk& chunk : list()) {
    if (chunk.path.filename().string() == name) return std::move(chunk);
  }
  return std::nullopt;
}

Recordings::Created Recordings::create() {
  const MutexLock lock(changes_mutex_);
  fs::create_directories(folder_);
  const auto chunks = list();
  if (!chunks.empty()) last_number_ = std::max(last_number_, chunks.back().number);
  const fs::path path = folder_ / fmt::format("{}{:04}{}", kPrefix, last_number_ + 1, kVideo);
  const fs::path unnamed = fs::path(path).replace_extension(kUnnamed);
  // Of a program that was killed, perhaps on a disk that came later than this one began.
  std::error_code ignored;
  fs::remove(unnamed, ignored);
  const int descriptor = ::open(unnamed.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (descriptor < 0) throw std::system_error(errno, std::generic_category(), unnamed.string());
  struct stat status {};
  fstat(descriptor, &status);
  open_ = {unnamed, status.st_dev, status.st_ino};
  open_name_ = path;
  open_number_ = ++last_number_;
  return {path, descriptor};
}

void Recordings::give_name() {
  const auto rename = [this](unsigned flags) {
    return renameat2(AT_FDCWD, open_.path.c_str(), AT_FDCWD, open_name_.c_str(), flags) == 0;
  };
  // Some file systems know no RENAME_NOREPLACE.
  if (!rename(RENAME_NOREPLACE) && (errno != EINVAL || is_there(open_name_) || !rename(0)))
    throw std::system_error(errno, std::generic_category(), open_name_.string());
  open_.path = open_name_;
  // So that the name, too, outlives a power cut.
  if (const int folder = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); folder >= 0) {
    fsync(folder);
    close(folder);
  }
}

void Recordings::finished() {
  const MutexLock lock(changes_mutex_);
  if (open_number_ == 0) return;
  const bool worthless = open_.path != open_name_;
  std::error_code ignored;
  if (worthless && open_is_there() && fs::remove(open_.path, ignored)) --last_number_;
  open_number_ = 0;
}

bool Recordings::open_is_there() const {
  struct stat status {};
  return lstat(open_.path.c_str(), &status) == 0 && status.st_dev == open_.device &&
         status.st_ino == open_.inode;
}

fs::path Recordings::thumbnail_of(const Chunk& chunk) {
  return chunk.path.parent_path() /
         fmt::format("{}_{}{}", chunk.path.stem().string(), chunk.updated_unix_s, kPicture);
}

std::optional<fs::path> Recordings::find_thumbnail(std::string_view path) const {
  const auto name = name_within(folder_, path);
  if (!name || !is_thumbnail(*name)) return std::nullopt;
  const fs::path file = folder_ / *name;
  struct stat status {};
  if (lstat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return file;
}

bool Recordings::remove(const Chunk& chunk) {
  std::error_code error;
  if (!fs::remove(chunk.path, error)) return false;
  const std::string stem = chunk.path.stem().string();
  std::vector<fs::path> thumbnails;
  for (fs::directory_iterator it(folder_, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (is_thumbnail(name) && name.starts_with(stem + "_")) thumbnails.push_back(it->path());
  }
  for (const fs::path& thumbnail : thumbnails) fs::remove(thumbnail, error);
  return true;
}

bool Recordings::remove_oldest() {
  const MutexLock lock(changes_mutex_);
  for (const Chunk& chunk : list()) {
    if (!chunk.open && !chunk.locked && remove(chunk)) return true;
  }
  return false;
}

void Recordings::remove_worthless() {
  const MutexLock lock(changes_mutex_);
  for (const Chunk& chunk : list()) {
    if (!chunk.open && chunk.size_bytes < kLeastBytes) remove(chunk);
  }
}

std::size_t Recordings::wipe() {
  const MutexLock lock(changes_mutex_);
  std::size_t removed = 0;
  for (const Chunk& chunk : list()) {
    if (!chunk.open && !chunk.locked && remove(chunk)) ++removed;
  }
  return removed;
}

bool Recordings::set_locked(std::string_view name, bool locked) {
  const MutexLock lock(changes_mutex_);
  for (const Chunk& chunk : list()) {
    if (chunk.path.filename().string() != name) continue;
    const fs::path mark = fs::path(chunk.path).replace_extension("lock");
    if (!locked) {
      std::error_code error;
      fs::remove(mark, error);
      return !error;
    }
    const int made = ::open(mark.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (made < 0) return false;
    fsync(made);
    close(made);
    return true;
  }
  return false;
}

std::optional<std::uint64_t> Recordings::free_bytes() const {
  struct statvfs disk {};
  if (statvfs(folder_.c_str(), &disk) != 0) return std::nullopt;
  return static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
}

}  // namespace rearview::camera

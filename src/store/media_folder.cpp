#include "store/media_folder.h"

#include <fmt/core.h>
#include <sys/statvfs.h>

#include <charconv>
#include <string_view>
#include <system_error>

#include "base/whole_file.h"

namespace rearview {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kUnfinished = ".part";

/// 7 of "7.jpg"; nullopt for what isn't named by us.
std::optional<std::uint64_t> number_of(const fs::path& file, std::string_view ending) {
  const std::string name = file.filename().string();
  if (!name.ends_with(ending)) return std::nullopt;
  const char* end = name.data() + name.size() - ending.size();
  std::uint64_t number = 0;
  const auto [stopped, error] = std::from_chars(name.data(), end, number);
  if (error != std::errc() || stopped != end || number == 0) return std::nullopt;
  return number;
}

}  // namespace

MediaFolder::MediaFolder(fs::path folder) : folder_(std::move(folder)) {}

fs::path MediaFolder::snapshot(std::uint64_t alert) const {
  return folder_ / "snapshots" / fmt::format("{}.jpg", alert);
}

fs::path MediaFolder::clip(std::uint64_t clip) const {
  return folder_ / "clips" / fmt::format("{}.mp4", clip);
}

fs::path MediaFolder::tracks(std::uint64_t clip) const {
  return folder_ / "clips" / fmt::format("{}.json", clip);
}

std::uint64_t MediaFolder::write(const fs::path& file,
                                 const std::function<void(const fs::path&)>& fill) const {
  try {
    return write_whole(file, fill);
  } catch (...) {
    std::error_code error;
    fs::remove(file, error);
    throw;
  }
}

std::uint64_t MediaFolder::write(const fs::path& file, const std::string& bytes) const {
  return write(file, [&bytes](const fs::path& beside) { write_bytes(beside, bytes); });
}

void MediaFolder::remove_snapshot(std::uint64_t alert) const {
  std::error_code error;
  fs::remove(snapshot(alert), error);
}

void MediaFolder::remove_clip(std::uint64_t clip_number) const {
  std::error_code error;
  fs::remove(clip(clip_number), error);
  fs::remove(tracks(clip_number), error);
}

std::size_t MediaFolder::sweep(const std::set<std::uint64_t>& snapshots,
                               const std::set<std::uint64_t>& clips, Found& found) const {
  std::size_t deleted = 0;
  const auto each = [&](const char* folder, const auto& belongs) {
    std::error_code error;
    for (fs::directory_iterator it(folder_ / folder, error), end; !error && it != end;
         it.increment(error)) {
      const fs::path& file = it->path();
      // What others put here is not ours to delete.
      const bool unfinished = file.extension() == kUnfinished;
      const fs::path name = unfinished ? file.stem() : file.filename();
      const auto kept = belongs(name);
      if (!kept || (*kept && !unfinished)) continue;
      std::error_code failed;
      if (fs::remove(file, failed)) ++deleted;
    }
  };
  each("snapshots", [&](const fs::path& name) -> std::optional<bool> {
    const auto alert = number_of(name, ".jpg");
    if (!alert) return std::nullopt;
    return snapshots.contains(*alert);
  });
  each("clips", [&](const fs::path& name) -> std::optional<bool> {
    auto clip = number_of(name, ".mp4");
    if (!clip) clip = number_of(name, ".json");
    if (!clip) return std::nullopt;
    return clips.contains(*clip);
  });
  std::error_code error;
  for (const std::uint64_t alert : snapshots) {
    if (fs::exists(snapshot(alert), error)) found.snapshots.insert(alert);
  }
  for (const std::uint64_t number : clips) {
    if (fs::exists(clip(number), error) && fs::exists(tracks(number), error))
      found.clips.insert(number);
  }
  return deleted;
}

std::optional<std::uint64_t> MediaFolder::free_bytes() const {
  struct statvfs disk {};
  if (statvfs(folder_.c_str(), &disk) != 0) return std::nullopt;
  return static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
}

void MediaFolder::probe() const {
  const fs::path file = folder_ / "probe.part";
  std::error_code error;
  try {
    write_bytes(file, std::string(64 * 1024, '\0'));
  } catch (...) {
    fs::remove(file, error);
    throw;
  }
  fs::remove(file, error);
}

}  // namespace rearview

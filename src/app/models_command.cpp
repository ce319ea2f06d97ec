#include "app/models_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "analyse/network/inference_backend.h"
#include "app/model_catalogue.h"
#include "app/progress_line.h"
#include "archive/source_reader.h"
#include "base/error.h"
#include "base/sha256.h"
#include "base/termination.h"

namespace rearview {
namespace {

double megabytes(std::uint64_t bytes) {
  return static_cast<double>(bytes) / 1e6;
}

/// A file that gets its name only when it is complete; until then it is removed when this ends.
class NewFile {
 public:
  explicit NewFile(std::filesystem::path final_name)
      : final_name_(std::move(final_name)), name_(final_name_.string() + ".XXXXXX") {
    file_ = ::mkostemp(name_.data(), O_CLOEXEC);
    if (file_ < 0) fail();
  }
  ~NewFile() {
    if (file_ < 0) return;
    ::close(file_);
    ::unlink(name_.c_str());
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto written = ::write(file_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail();
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  /// On the disk first: after a loss of power the name must not stand for half a file.
  void publish() {
    if (::fchmod(file_, 0644) != 0 || ::fsync(file_) != 0 ||
        ::rename(name_.c_str(), final_name_.c_str()) != 0)
      fail();
    ::close(std::exchange(file_, -1));
  }

 private:
  [[noreturn]] void fail() const {
    throw std::runtime_error(fmt::format("{} can't be written: {}", final_name_.string(),
                                         std::generic_category().message(errno)));
  }

  std::filesystem::path final_name_;
  std::string name_;
  int file_ = -1;
};

/// Where to fetch the model to; its folder is there then.
std::filesystem::path place_for(const Model& model, const ModelCatalogue& catalogue) {
  const std::filesystem::path& folder = catalogue.fetched_folder();
  if (folder.empty())
    throw UsageError("no folder for models: set HOME, XDG_DATA_HOME or STATE_DIRECTORY");
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    throw std::runtime_error(fmt::format("{} can't be made: {}", folder.string(), error.message()));
  return folder / model.file;
}

}  // namespace

int list_models_command() {
  const auto catalogue = ModelCatalogue::of_this_program();
  constexpr std::string_view kRow = "{:<20}  {:>8}  {:<14}  {}\n";
  fmt::print(kRow, "NAME", "SIZE", "LICENCE", "WHERE");
  for (const Model& model : catalogue.models()) {
    const auto file = catalogue.find_file(model);
    fmt::print(kRow, model.name, fmt::format("{:.1f} MB", megabytes(model.bytes)), model.licence,
               file                ? file->string()
               : model.url.empty() ? "missing"
                                   : "not fetched");
  }
  for (const Model& model : catalogue.models()) {
    std::string about = model.licence_note;
    if (!model.card.empty())
      about += fmt::format("{}Described in {}", about.empty() ? "" : "\n  ",
                           (catalogue.manifest().parent_path() / model.card).string());
    if (!about.empty()) fmt::print("\n{}:\n  {}\n", model.name, about);
  }
  std::vector<std::string> backends;
  for (const BackendName& backend : inference_backends())
    backends.push_back(fmt::format("{} {}", backend.name, backend.version));
  fmt::print("\nRun by {}\n", fmt::join(backends, ", or by "));
  return kExitDone;
}

int verify_models_command() {
  const auto catalogue = ModelCatalogue::of_this_program();
  bool right = true;
  for (const Model& model : catalogue.models()) {
    if (!model.url.empty() && !catalogue.find_file(model)) {
      fmt::print("{}: not fetched\n", model.name);
      continue;
    }
    try {
      fmt::print("{}: right, {}\n", model.name, catalogue.checked_file(model).string());
    } catch (const std::runtime_error& e) {
      fmt::print(stderr, "rearview: {}\n", e.what());
      right = false;
    }
  }
  return right ? kExitDone : kExitFailed;
}

int fetch_model_command(const std::string& name) {
  const auto catalogue = ModelCatalogue::of_this_program();
  const Model* known = catalogue.find(name);
  if (!known)
    throw UsageError(fmt::format("models fetch: \"{}\" is not one of {}", name,
                                 fmt::join(catalogue.names(), ", ")));
  const Model& model = *known;
  if (const auto file = catalogue.find_file(model); file && fault_of(*file, model).empty()) {
    fmt::print("{}: already there, {}\n", model.name, file->string());
    return kExitDone;
  }
  if (model.url.empty()) catalogue.checked_file(model);  // throws, and says what is wrong

  Termination termination;
  const std::filesystem::path place = place_for(model, catalogue);
  NewFile file(place);
  Sha256 sha256;
  ProgressLine progress;
  std::uint64_t got = 0;
  const bool all = read_https(
      model.url,
      [&](std::string_view bytes) {
        if (got + bytes.size() > model.bytes)
          throw std::runtime_error(
              fmt::format("{}: sends more than the {} bytes expected", model.url, model.bytes));
        file.write(bytes);
        sha256.add(bytes);
        got += bytes.size();
      },
      [&] {
        if (progress.due())
          progress.draw(fmt::format("{}: {:.1f} of {:.1f} MB", model.name, megabytes(got),
                                    megabytes(model.bytes)));
        return !termination.requested();
      });
  progress.clear();
  if (!all) {
    fmt::print(stderr, "stopped, nothing fetched\n");
    return kExitDone;
  }
  if (got != model.bytes)
    throw std::runtime_error(
        fmt::format("{}: sends {} bytes, not {}; not kept", model.url, got, model.bytes));
  if (const std::string found = sha256.finish(); found != model.sha256)
    throw std::runtime_error(fmt::format("{}: what it sends has SHA-256 {}, not {}; not kept",
                                         model.url, found, model.sha256));
  file.publish();
  fmt::print("{}: fetched, {} ({})\n", model.name, place.string(), model.licence);
  return kExitDone;
}

}  // namespace rearview

#include "app/model_catalogue.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "base/config_reader.h"
#include "base/error.h"
#include "base/sha256.h"

namespace rearview {
namespace {

constexpr const char* kManifest = "manifest.json";
constexpr std::size_t kMostModels = 100;
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 30;
constexpr std::string_view kLowerHex = "0123456789abcdef";
constexpr std::string_view kNameCharacters = "abcdefghijklmnopqrstuvwxyz0123456789-_";

/// A text that has to be there and not be empty.
void needed(ConfigReader& entry, const char* key, std::string& target) {
  entry.text(key, target, 1);
  if (target.empty()) entry.fail(key, "is missing");
}

/// The manifest must not lead out of the folders for models.
void check_file_name(const ConfigReader& entry, const char* key, const std::string& file) {
  if (file.find('/') != std::string::npos || file.starts_with('.'))
    entry.fail(key, fmt::format("\"{}\" is not a file's name without a folder", file));
}

Model read_model(ConfigReader& entry) {
  Model model;
  needed(entry, "name", model.name);
  if (model.name.find_first_not_of(kNameCharacters) != std::string::npos)
    entry.fail("name",
               fmt::format("\"{}\" has other characters than a-z, 0-9, - and _", model.name));
  needed(entry, "file", model.file);
  check_file_name(entry, "file", model.file);
  entry.number("bytes", model.bytes, 1, kMostBytes);
  if (model.bytes == 0) entry.fail("bytes", "is missing");
  needed(entry, "sha256", model.sha256);
  if (model.sha256.size() != 64 || model.sha256.find_first_not_of(kLowerHex) != std::string::npos)
    entry.fail("sha256", "is not 64 lower-case hexadecimal digits");
  needed(entry, "licence", model.licence);
  entry.text("licence_note", model.licence_note);
  entry.text("card", model.card);
  check_file_name(entry, "card", model.card);
  entry.text("url", model.url);
  if (!model.url.empty() && !model.url.starts_with("https://"))
    entry.fail("url", fmt::format("\"{}\" is not an https:// address", model.url));
  const bool has_stage = entry.raw("stage") != nullptr;
  entry.object("stage", [&](ConfigReader& stage) {
    std::string type;
    stage.text("type", type);
    if (has_stage && type != "onnx") stage.fail("type", "is not \"onnx\"");
    if (stage.raw("model")) stage.fail("model", "is not for the manifest; it gives the file");
    read_settings(stage, model.stage);
  });
  return model;
}

std::filesystem::path variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::filesystem::path manifest_of_this_program() {
  if (const auto folder = variable("REARVIEW_MODELS"); !folder.empty()) return folder / kManifest;
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  const auto installed =
      (program.parent_path() / REARVIEW_MODELS_FROM_BIN / kManifest).lexically_normal();
  if (!error && std::filesystem::exists(installed, error)) return installed;
  return std::filesystem::path(REARVIEW_SOURCE_MODELS) / kManifest;
}

std::filesystem::path fetched_folder_of_this_user() {
  if (const auto state = variable("STATE_DIRECTORY"); !state.empty()) return state / "models";
  // The specification: "If an implementation encounters a relative path [...] it should [...]
  // ignore it."
  if (const auto data = variable("XDG_DATA_HOME"); data.is_absolute())
    return data / "rearview/models";
  if (const auto home = variable("HOME"); home.is_absolute())
    return home / ".local/share/rearview/models";
  return {};
}

}  // namespace

ModelCatalogue::ModelCatalogue(const std::filesystem::path& manifest, std::filesystem::path fetched)
    : manifest_(manifest), fetched_(std::move(fetched)) {
  const nlohmann::json json = read_json_file(manifest_);
  ConfigReader reader(json, manifest_.string());
  std::set<std::string> names;
  std::set<std::string> files;
  reader.objects("models", 1, kMostModels, [&](ConfigReader& entry) {
    Model model = read_model(entry);
    if (!names.insert(model.name).second)
      entry.fail("name", fmt::format("\"{}\" is the name of two models", model.name));
    if (!files.insert(model.file).second)
      entry.fail("file", fmt::format("\"{}\" is the file of two models", model.file));
    models_.push_back(std::move(model));
  });
  reader.finish();
}

ModelCatalogue ModelCatalogue::of_this_program() {
  return {manifest_of_this_program(), fetched_folder_of_this_user()};
}

const Model* ModelCatalogue::find(std::string_view name) const {
  const auto it = std::find_if(models_.begin(), models_.end(),
                               [name](const Model& model) { return model.name == name; });
  return it == models_.end() ? nullptr : &*it;
}

std::vector<std::string> ModelCatalogue::names() const {
  std::vector<std::string> names;
  for (const Model& model : models_) names.push_back(model.name);
  return names;
}

std::optional<std::filesystem::path> ModelCatalogue::find_file(const Model& model) const {
  std::error_code error;
  // A fetched file comes first: fetching mends what is wrong beside the manifest.
  if (!model.url.empty() && !fetched_.empty() &&
      std::filesystem::exists(fetched_ / model.file, error))
    return fetched_ / model.file;
  const auto shipped = manifest_.parent_path() / model.file;
  if (std::filesystem::exists(shipped, error)) return shipped;
  return std::nullopt;
}

std::filesystem::path ModelCatalogue::checked_file(const Model& model) const {
  const auto file = find_file(model);
  if (!file && model.url.empty())
    throw std::runtime_error(fmt::format("model {} is not there: {} comes with the program, to {}",
                                         model.name, model.file, manifest_.parent_path().string()));
  if (!file)
    throw std::runtime_error(fmt::format(
        "model {} is not there: `rearview models fetch {}` gets it", model.name, model.name));
  if (const std::string fault = fault_of(*file, model); !fault.empty())
    throw std::runtime_error(fmt::format("model {}: {} {}", model.name, file->string(), fault));
  return *file;
}

std::string fault_of(const std::filesystem::path& file, const Model& model) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) return "is not a file";
  const auto bytes = std::filesystem::file_size(file, error);
  if (!error && bytes != model.bytes)
    return fmt::format("has {} bytes, not {}", bytes, model.bytes);
  const std::string sha256 = sha256_of(file);
  if (sha256 != model.sha256) return fmt::format("has SHA-256 {}, not {}", sha256, model.sha256);
  return {};
}

bool is_model_name(std::string_view text) {
  return !text.empty() && text.find('/') == std::string_view::npos && !text.ends_with(".onnx");
}

}  // namespace rearview

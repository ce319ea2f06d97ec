#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyse/network/onnx_detector.h"

namespace rearview {

/// A network that the stage "onnx" can be given by name.
struct Model {
  std::string name;  ///< a-z, 0-9, - and _
  std::string file;  ///< its file's name, without a folder
  std::uint64_t bytes = 0;
  std::string sha256;  ///< 64 lower-case hexadecimal digits
  std::string licence;
  std::string licence_note;  ///< what the licence's name doesn't say; empty: nothing
  std::string card;          ///< file beside the manifest that describes it; empty: none
  std::string url;           ///< https address to fetch it from; empty: it comes with the program
  OnnxSettings stage;        ///< how the stage runs it unless told otherwise; `model` is empty
};

/// The models that the manifest names, and where their files are: beside the manifest those that
/// come with the program, in a folder of the user's or the service's those that were fetched.
class ModelCatalogue {
 public:
  /// manifest: the file. fetched: folder for what is fetched; empty: there is none. Throws
  /// UsageError for a manifest that can't be read or isn't right.
  ModelCatalogue(const std::filesystem::path& manifest, std::filesystem::path fetched);

  /// The manifest in $REARVIEW_MODELS, else where `cmake --install` puts it, else the source
  /// tree's. Fetched models: in $STATE_DIRECTORY/models under systemd, else in rearview/models of
  /// $XDG_DATA_HOME or ~/.local/share (XDG Base Directory Specification 0.8). Throws UsageError.
  static ModelCatalogue of_this_program();

  const std::vector<Model>& models() const { return models_; }
  std::vector<std::string> names() const;
  /// Null if there is none of this name; the model lives as long as the catalogue.
  const Model* find(std::string_view name) const;
  /// Where its file is, right or not; nullopt if nowhere.
  std::optional<std::filesystem::path> find_file(const Model& model) const;
  /// Where its file is, with content as in the manifest. Throws std::runtime_error that says how
  /// to get it, or what is wrong with it.
  std::filesystem::path checked_file(const Model& model) const;

  const std::filesystem::path& manifest() const { return manifest_; }
  const std::filesystem::path& fetched_folder() const { return fetched_; }

 private:
  std::filesystem::path manifest_;
  std::filesystem::path fetched_;
  std::vector<Model> models_;
};

/// What is wrong with a file that should be this model; empty: nothing. Reads it whole. Throws
/// std::runtime_error if it can't be read.
std::string fault_of(const std::filesystem::path& file, const Model& model);

/// Whether a stage's "model" is a name of the catalogue and not a file's path: neither a slash nor
/// the ending .onnx.
bool is_model_name(std::string_view text);

}  // namespace rearview

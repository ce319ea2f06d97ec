#pragma once

#include <string>

namespace rearview {

/// `rearview models list`: prints the models of the catalogue, their licences and where they are.
/// Like the others, returns the exit code and throws UsageError and std::runtime_error.
int list_models_command();

/// `rearview models verify`: reads every model that is there and compares it with the manifest.
/// kExitFailed if one is not as it should be, or one that comes with the program is missing.
int verify_models_command();

/// `rearview models fetch NAME`: downloads a model, unless it is there already. The file appears
/// under its name whole and right, or not at all.
int fetch_model_command(const std::string& name);

}  // namespace rearview

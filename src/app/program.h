#pragma once

#include <fmt/format.h>

extern "C" {
#include <libavutil/avutil.h>
}

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <opencv2/core/utility.hpp>
#include <optional>
#include <vector>

#include "analyse/network/inference_backend.h"
#include "base/build_info.h"
#include "base/error.h"
#include "base/printable_text.h"

namespace rearview {

/// Of what analyses pictures, for --version.
inline std::vector<Library> library_versions() {
  std::vector<Library> libraries{{"FFmpeg", av_version_info()}, {"OpenCV", cv::getVersionString()}};
  for (const BackendName& backend : inference_backends())
    if (backend.name != "opencv") libraries.emplace_back(backend.name, backend.version);
  return libraries;
}

/// Reads the command line. An exit code: all is said, as after --help. Throws UsageError.
inline std::optional<int> parse(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& e) {
    return app.exit(e);
  } catch (const CLI::CallForVersion& e) {
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    throw UsageError(e.what());
  }
  return std::nullopt;
}

/// body's exit code; what it throws is said on standard error, under the program's name.
template <typename Body>
int run_program(const char* name, Body body) {
  try {
    return body();
  } catch (const UsageError& e) {
    fmt::print(stderr, "{}: {}\n", name, printable_text(e.what()));
    return kExitUsage;
  } catch (const std::exception& e) {
    fmt::print(stderr, "{}: {}\n", name, printable_text(e.what()));
    return kExitFailed;
  }
}

}  // namespace rearview

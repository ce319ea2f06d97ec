#include "analyse/network/inference_backend.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <exception>
#include <stdexcept>
#include <system_error>

#include "analyse/network/opencv_backend.h"
#include "base/log.h"
#ifdef REARVIEW_HAS_ONNXRUNTIME
#include "analyse/network/onnxruntime_backend.h"
#endif

namespace rearview {
namespace {

using Make = std::unique_ptr<InferenceBackend> (*)(const InferenceSettings&,
                                                   const std::filesystem::path&, cv::Size);

struct Entry {
  BackendName name;
  Make make;
};

const std::vector<Entry>& table() {
  static const std::vector<Entry> entries = {
#ifdef REARVIEW_HAS_ONNXRUNTIME
      {{"onnxruntime", onnxruntime_backend_version()}, make_onnxruntime_backend},
#endif
      {{"opencv", opencv_backend_version()}, make_opencv_backend},
  };
  return entries;
}

/// Those that the setting allows, the fastest first; none if this program hasn't got it.
std::vector<Entry> allowed(const std::string& backend) {
  std::vector<Entry> entries;
  for (const Entry& entry : table()) {
    if (backend == "auto" || backend == entry.name.name) entries.push_back(entry);
  }
  return entries;
}

}  // namespace

void InferenceSettings::read_backend(ConfigReader& reader, const Setting& row,
                                     InferenceSettings& settings) {
  reader.text(row.key, settings.backend);
  // Of any program, so that the schema doesn't depend on how this one was built.
  reader.describe(row.key, {{"enum", {"auto", "onnxruntime", "opencv"}}});
}

void InferenceSettings::check(const ConfigReader& config) const {
  const std::vector<Entry> entries = allowed(backend);
  if (entries.empty()) {
    std::vector<std::string> there{"auto"};
    for (const BackendName& name : inference_backends()) there.push_back(name.name);
    config.fail("backend", fmt::format("\"{}\" is not one of {}, which are in this program",
                                       backend, fmt::join(there, ", ")));
  }
  if (entries.front().make != make_opencv_backend) return;
  if (threads != 1)
    config.fail("threads",
                "is not for the backend opencv; its threads are \"opencv_threads\", for all of the "
                "program");
  if (!memory_arena)
    config.fail("memory_arena", "is not for the backend opencv, which always keeps its memory");
}

const std::vector<BackendName>& inference_backends() {
  static const std::vector<BackendName> names = [] {
    std::vector<BackendName> all;
    for (const Entry& entry : table()) all.push_back(entry.name);
    return all;
  }();
  return names;
}

std::unique_ptr<InferenceBackend> load_network(const InferenceSettings& settings,
                                               const std::filesystem::path& model, cv::Size input) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(model, error))
    throw std::runtime_error("is not a file that can be read");
  std::exception_ptr first;
  std::string why;
  for (const Entry& entry : allowed(settings.backend)) {
    try {
      auto network = entry.make(settings, model, input);
      if (first)
        log::warning("analyse", "a slower backend runs the model",
                     {{"model", model.string()}, {"backend", entry.name.name}, {"why", why}});
      return network;
    } catch (const std::exception& e) {
      if (first) continue;
      first = std::current_exception();
      why = e.what();
    }
  }
  if (!first) throw std::logic_error("no such backend");
  std::rethrow_exception(first);
}

}  // namespace rearview

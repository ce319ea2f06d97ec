#include "camera/truth_file.h"

#include <fmt/core.h>

#include <exception>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "base/sleep.h"

namespace rearview::camera {

TruthFile::TruthFile(std::filesystem::path file, std::string input,
                     std::function<nlohmann::ordered_json()> truth)
    : file_(std::move(file)), input_(std::move(input)), truth_(std::move(truth)) {
  try {
    write(truth_());
  } catch (const std::exception& e) {
    throw UsageError(e.what());
  }
}

void TruthFile::start() {
  worker_.persist("truth", [this](std::stop_token stop) { watch(std::move(stop)); }, {});
}

void TruthFile::watch(std::stop_token stop) {
  while (sleep_until(stop, SteadyClock::now() + std::chrono::seconds(1))) {
    try {
      nlohmann::ordered_json truth = truth_();
      if (truth.at("events") == events_written_) continue;
      events_written_ = truth.at("events");
      write(std::move(truth));
    } catch (const std::exception& e) {
      log::warning("truth", "can't be written", {{"file", file_.string()}, {"why", e.what()}});
    }
  }
}

void TruthFile::finish() {
  worker_.stop();
  write(truth_());
}

void TruthFile::write(nlohmann::ordered_json truth) const {
  truth["input"] = input_;
  // Beside the file: a rename replaces it in one step.
  const std::filesystem::path beside = file_.string() + ".tmp";
  {
    std::ofstream out(beside, std::ios::binary | std::ios::trunc);
    out << truth.dump() << '\n';
    out.close();
    if (!out) throw std::runtime_error(fmt::format("{}: can't be written", beside.string()));
  }
  std::error_code error;
  std::filesystem::rename(beside, file_, error);
  if (error) throw std::runtime_error(fmt::format("{}: {}", file_.string(), error.message()));
}

}  // namespace rearview::camera

#include "app/eval_command.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <exception>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <opencv2/core/utility.hpp>
#include <optional>
#include <stdexcept>
#include <thread>

#include "analyse/chain/stage_chain.h"
#include "app/config.h"
#include "app/progress_line.h"
#include "app/zip_file.h"
#include "base/error.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/termination.h"
#include "evaluate/clip_scorer.h"
#include "evaluate/report.h"
#include "receive/recording_reader.h"

namespace rearview {
namespace {

/// How far the work has come, on a terminal only. Any thread.
class ClipProgress {
 public:
  explicit ClipProgress(std::size_t clips) : clips_(clips) {}

  void at(std::size_t clip, const Truth& truth, double t_s) {
    const MutexLock lock(mutex_);
    if (line_.due())
      line_.draw(fmt::format("{} of {}: {} {:.1f} s", clip + 1, clips_,
                             truth.input.filename().string(), t_s));
  }
  void clear() {
    const MutexLock lock(mutex_);
    line_.clear();
  }

 private:
  std::size_t clips_;
  Mutex mutex_;
  ProgressLine line_ GUARDED_BY(mutex_);
};

/// Null when a signal came.
std::optional<ClipScore> score_clip(const Config& config, const Truth& truth, std::size_t index,
                                    Termination& termination, ClipProgress& progress) {
  const CameraConfig& camera = config.cameras.front();
  StageChain chain(camera.name, make_stages(config, camera));
  RecordingReader reader(truth.input.string(), truth.fps, camera.receiver.decoder_threads,
                         termination.token());
  ClipScorer scorer(truth);
  double end_s = 0;
  while (const FramePtr frame = reader.next()) {
    if (termination.requested()) return std::nullopt;
    scorer.add(chain.analyse(*frame), frame->size());
    end_s = frame->t_s + 1 / truth.fps;
    progress.at(index, truth, frame->t_s);
  }
  if (scorer.score().frames == 0)
    throw std::runtime_error(fmt::format("{}: no picture could be decoded", truth.input.string()));
  constexpr double kSlack_s = 0.5;
  if (truth.duration_s && end_s < *truth.duration_s - kSlack_s)
    log::warning(
        "eval", "the recording ends before its truth does",
        {{"input", truth.input.string()}, {"recording_s", end_s}, {"truth_s", *truth.duration_s}});
  return scorer.score();
}

/// Clips don't know each other, so several are scored at a time; the order of the scores is that of
/// the truths. Null when a signal came; throws what went wrong with the first that failed.
std::optional<std::vector<ClipScore>> score_clips(const Config& config,
                                                  const std::vector<Truth>& truths,
                                                  std::size_t jobs, Termination& termination,
                                                  ClipProgress& progress) {
  std::vector<ClipScore> scores(truths.size());
  std::vector<std::exception_ptr> problems(truths.size());
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> ended = false;
  const auto work = [&] {
    for (std::size_t i = next++; i < truths.size() && !ended; i = next++) {
      try {
        auto score = score_clip(config, truths[i], i, termination, progress);
        if (score)
          scores[i] = std::move(*score);
        else
          ended = true;
      } catch (...) {
        problems[i] = std::current_exception();
        ended = true;
      }
    }
  };
  {
    std::vector<std::jthread> workers;
    for (std::size_t i = 1; i < std::min(jobs, truths.size()); ++i) workers.emplace_back(work);
    work();
  }
  for (const std::exception_ptr& problem : problems) {
    if (problem) std::rethrow_exception(problem);
  }
  if (ended) return std::nullopt;
  return scores;
}

std::vector<Truth> truths_among(const std::vector<std::filesystem::path>& files) {
  std::vector<Truth> truths;
  for (const auto& file : files) {
    if (!file.string().ends_with(".truth.json")) continue;
    Truth truth = read_truth(file);
    // What others made may name any file of this machine.
    if (std::find(files.begin(), files.end(), truth.input) == files.end())
      throw UsageError(fmt::format("{}: /input: {} is not in the ZIP file",
                                   file.filename().string(), truth.input.filename().string()));
    truths.push_back(std::move(truth));
  }
  return truths;
}

void write_json(const std::string& target, const std::vector<ClipScore>& scores) {
  const std::string text = evaluation_json(scores).dump(2) + "\n";
  if (target == "-") {
    fmt::print("{}", text);
    return;
  }
  std::ofstream file(target, std::ios::binary);
  file << text;
  file.close();
  if (!file) throw std::runtime_error(fmt::format("--json: {} can't be written", target));
}

}  // namespace

int eval_command(const EvalOptions& options) {
  if (options.truths.empty()) throw UsageError("eval: no truth file given");
  const Config config = read_config_or_default(options.config);
  log::set_level(std::min(config.log_level, log::Level::warning));
  cv::setNumThreads(config.opencv_threads);
  std::vector<Truth> truths;
  std::vector<std::unique_ptr<UnzippedFolder>> unzipped;
  for (const auto& file : options.truths) {
    if (file.extension() != ".zip") {
      truths.push_back(read_truth(file));
      continue;
    }
    unzipped.push_back(std::make_unique<UnzippedFolder>(file));
    const std::vector<Truth> of_zip = truths_among(unzipped.back()->files());
    if (of_zip.empty())
      throw UsageError(
          fmt::format("{}: has no .truth.json in it, as `rearview export --feedback` writes it",
                      file.string()));
    truths.insert(truths.end(), of_zip.begin(), of_zip.end());
  }

  Termination termination;
  ClipProgress progress(truths.size());
  const auto scores = score_clips(config, truths, options.jobs, termination, progress);
  progress.clear();
  if (!scores) {
    fmt::print(stderr, "stopped, nothing scored\n");
    return kExitDone;
  }
  if (!options.json.empty()) write_json(options.json, *scores);
  if (options.json != "-") fmt::print("{}", evaluation_table(*scores));
  return kExitDone;
}

}  // namespace rearview

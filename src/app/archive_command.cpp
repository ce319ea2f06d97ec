#include "app/archive_command.h"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>
#include <opencv2/core/utility.hpp>
#include <optional>
#include <stdexcept>
#include <utility>

#include "app/archive_analysis.h"
#include "app/config.h"
#include "app/progress_line.h"
#include "archive/input_list.h"
#include "archive/job_queue.h"
#include "archive/result_folder.h"
#include "archive/source_reader.h"
#include "base/error.h"
#include "base/log.h"
#include "base/printable_url.h"
#include "base/sleep.h"
#include "base/termination.h"
#include "types/json.h"

namespace rearview {
namespace {

using Json = nlohmann::ordered_json;

ArchiveAnalysis make_analysis(const std::filesystem::path& file) {
  Config config = read_config_or_default(file);
  log::set_level(std::min(config.log_level, log::Level::warning));
  cv::setNumThreads(config.opencv_threads);
  return ArchiveAnalysis(std::move(config));
}

/// What one job came to.
enum class Outcome { stopped, there, made };

/// Gets the recording and what comes before it, and makes the result unless it is there. step:
/// asked all along with what is being done; false ends it.
Outcome make_result(const ArchiveAnalysis& analysis, const ArchiveJob& job,
                    const ResultFolder& folder,
                    const std::function<bool(std::optional<double> t_s)>& step) {
  if (folder.has(job.name())) return Outcome::there;
  std::vector<LocalSource> sources;
  std::vector<std::string> files;
  const auto add = [&](const ArchiveSource& source) {
    sources.emplace_back(source, [&step] { return step(std::nullopt); });
    files.push_back(sources.back().path());
    return sources.back().is_there();
  };
  if (!std::all_of(job.before.begin(), job.before.end(), add) || !add(job.recording))
    return Outcome::stopped;
  return analysis.run(job, files, folder, [&step](double t_s) { return step(t_s); })
             ? Outcome::made
             : Outcome::stopped;
}

/// What became of one delivery. no_room: its result has none.
enum class Worked { on, stopped, no_room };

/// What becomes of one delivery.
Worked work_on(JobQueue::Delivery& delivery, const ArchiveAnalysis& analysis,
               const ResultFolder& folder, std::uint64_t most_tries, Termination& termination) {
  const SteadyTime start = SteadyClock::now();
  try {
    if (delivery.tries() > most_tries)
      throw std::runtime_error(fmt::format(
          "no worker came to its end with it, {} times: it ends the program, or takes longer than "
          "the queue waits",
          most_tries));
    const ArchiveJob job = delivery.job();
    if (job.analysis != analysis.id())
      throw std::runtime_error(
          "the job is for other settings, models or another version than this worker has");
    const Outcome outcome = make_result(analysis, job, folder, [&](std::optional<double>) {
      delivery.go_on();
      return !termination.requested();
    });
    if (outcome == Outcome::stopped) {
      delivery.give_back();
      return Worked::stopped;
    }
    if (!delivery.done(folder.about(job.name()).value("duration_s", 0.0),
                       seconds_between(start, SteadyClock::now())))
      log::warning("archive", "the server isn't told of a result; the job will come again",
                   {{"result", job.name()}});
  } catch (const FolderFailed& error) {
    log::warning("archive", "no job is taken until there is room for results",
                 {{"why", error.what()}});
    delivery.give_back();
    return Worked::no_room;
  } catch (const std::exception& error) {
    log::warning("archive", "a job fails", {{"why", error.what()}, {"tries", delivery.tries()}});
    delivery.failed(error.what(), most_tries);
  }
  return Worked::on;
}

bool is_empty(JobQueue& queue) {
  const JobQueue::Status status = queue.status();
  return status.waiting + status.running == 0;
}

Json to_json(const JobQueue::Status& status) {
  const auto rounded = [](const std::optional<double>& value) {
    return value ? Json(std::round(*value * 10) / 10) : Json(nullptr);
  };
  Json failures = Json::array();
  for (const JobQueue::Failure& one : status.failures)
    failures.push_back(
        {{"name", one.name}, {"url", one.url}, {"reason", one.reason}, {"tries", one.tries}});
  return {{"waiting", status.waiting},
          {"running", status.running},
          {"done", status.done},
          {"failed", status.failures.size()},
          {"video_h_per_h", rounded(status.video_h_per_h)},
          {"left_s", rounded(status.left_s)},
          {"failures", std::move(failures)}};
}

std::string bar(const JobQueue::Status& status) {
  constexpr std::size_t kWidth = 30;
  const std::uint64_t over = status.done + status.failures.size();
  const std::uint64_t all = std::max<std::uint64_t>(1, over + status.waiting + status.running);
  const std::size_t full = kWidth * over / all;
  std::string text =
      fmt::format("[{}{}] {} waiting, {} running, {} done, {} failed", std::string(full, '#'),
                  std::string(kWidth - full, '.'), status.waiting, status.running, status.done,
                  status.failures.size());
  if (status.video_h_per_h) text += fmt::format(", {:.1f} h an hour", *status.video_h_per_h);
  if (status.left_s) text += fmt::format(", {:.0f} s left", *status.left_s);
  return text;
}

}  // namespace

int analyze_archive_command(const ArchiveOptions& options) {
  std::vector<std::string> inputs = input_list(options.inputs);
  const Shard shard = options.shard.empty() ? Shard{} : parse_shard(options.shard);
  std::erase_if(inputs, [&shard](const std::string& input) { return !shard.has(input); });
  const ResultFolder folder(options.out);
  ArchiveAnalysis analysis = make_analysis(options.config);

  Termination termination;
  ProgressLine line;
  std::size_t number = 0;
  std::size_t made = 0;
  std::size_t there = 0;
  std::size_t failed = 0;
  for (const std::string& input : inputs) {
    ++number;
    const auto step = [&](std::optional<double> t_s) {
      if (line.due())
        line.draw(fmt::format("{} of {}: {} {}", number, inputs.size(), printable_url(input),
                              t_s ? fmt::format("{:.1f} s", *t_s) : "is read"));
      return !termination.requested();
    };
    try {
      const auto job = analysis.job_of(input, options.before_s, options.fps,
                                       [&step] { return step(std::nullopt); });
      const Outcome outcome = job ? make_result(analysis, *job, folder, step) : Outcome::stopped;
      if (outcome == Outcome::stopped) break;
      ++(outcome == Outcome::made ? made : there);
    } catch (const FolderFailed& error) {
      // Nothing is wrong with the recording, and the next one would find no room either.
      line.clear();
      fmt::print(stderr, "rearview: {}\n", error.what());
      ++failed;
      break;
    } catch (const std::exception& error) {
      ++failed;
      line.clear();
      fmt::print(stderr, "rearview: {}\n", error.what());
    }
  }
  line.clear();
  fmt::print(stderr, "{} results made, {} were there, {} failed\n", made, there, failed);
  return failed == 0 ? kExitDone : kExitFailed;
}

int submit_command(const ArchiveOptions& options, const ArchiveQueueOptions& queue_options) {
  if (options.inputs.empty() && !queue_options.again)
    throw UsageError("archive submit: say what: INPUT, or --again for those that have failed");
  const std::vector<std::string> inputs = input_list(options.inputs);
  Termination termination;
  JobQueue queue(queue_options.nats, {queue_options.ack_wait_s, queue_options.replicas});
  if (queue_options.again) fmt::print(stderr, "{} jobs made again\n", queue.submit_failed());
  ArchiveAnalysis analysis = make_analysis(options.config);
  const auto wanted = [&termination] { return !termination.requested(); };
  std::size_t made = 0;
  std::size_t waiting = 0;
  std::size_t failed = 0;
  ProgressLine line;
  for (const std::string& input : inputs) {
    if (line.due())
      line.draw(fmt::format("{} of {}: {}", made + waiting + failed + 1, inputs.size(),
                            printable_url(input)));
    try {
      const auto job = analysis.job_of(input, options.before_s, options.fps, wanted);
      if (!job) break;
      ++(queue.submit(*job) ? made : waiting);
    } catch (const std::exception& error) {
      ++failed;
      line.clear();
      fmt::print(stderr, "rearview: {}\n", error.what());
    }
  }
  line.clear();
  fmt::print(stderr, "{} jobs made, {} were waiting, {} failed\n", made, waiting, failed);
  return failed == 0 ? kExitDone : kExitFailed;
}

int work_command(const ArchiveOptions& options, const ArchiveQueueOptions& queue_options) {
  const ResultFolder folder(options.out);
  const ArchiveAnalysis analysis = make_analysis(options.config);
  Termination termination;
  JobQueue queue(queue_options.nats, {queue_options.ack_wait_s, queue_options.replicas});
  constexpr int kWait_ms = 500;
  constexpr std::chrono::seconds kUntilRoom{2};
  bool has_room = true;
  while (!termination.requested()) {
    try {
      // Who has no room would only use up the tries of every job.
      if (!has_room) sleep_until(termination.token(), SteadyClock::now() + kUntilRoom);
      has_room = has_room || folder.has_room();
      auto delivery = has_room ? queue.pull(kWait_ms) : std::nullopt;
      if (!delivery) {
        if (queue_options.until_empty && is_empty(queue)) break;
        continue;
      }
      const Worked worked =
          work_on(*delivery, analysis, folder, queue_options.most_tries, termination);
      if (worked == Worked::stopped) break;
      has_room = worked == Worked::on;
    } catch (const std::runtime_error& error) {
      // A server that is away comes back; what it wasn't told of comes again.
      log::warning("archive", "the queue doesn't answer", {{"why", error.what()}});
    }
  }
  return kExitDone;
}

int status_command(const ArchiveQueueOptions& options) {
  Termination termination;
  JobQueue queue(options.nats, {options.ack_wait_s, options.replicas});
  ProgressLine line;
  const bool is_drawn = options.watch && isatty(STDERR_FILENO) == 1;
  for (;;) {
    const JobQueue::Status status = queue.status();
    if (is_drawn)
      line.draw(bar(status));
    else
      fmt::print("{}\n", dump(to_json(status)));
    std::fflush(stdout);
    if (!options.watch || status.waiting + status.running == 0) break;
    constexpr std::chrono::seconds kInterval{1};
    if (!sleep_until(termination.token(), SteadyClock::now() + kInterval)) break;
  }
  return kExitDone;
}

}  // namespace rearview

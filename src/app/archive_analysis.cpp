#include "app/archive_analysis.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

#include "analyse/chain/stage_chain.h"
#include "analyse/network/inference_backend.h"
#include "app/model_catalogue.h"
#include "archive/analysis_version.h"
#include "archive/ride_events.h"
#include "archive/source_reader.h"
#include "base/build_info.h"
#include "base/printable_url.h"
#include "base/sha256.h"
#include "receive/ride_reader.h"
#include "types/json.h"

namespace rearview {
namespace {

using Json = nlohmann::ordered_json;

/// The next chunk sees what began this share of its time before it as the one before does; the
/// rest of the time it gets to know the road.
constexpr double kSeenByNext = 2.0 / 3;

bool is_address(const std::string& input) {
  return input.starts_with("http://") || input.starts_with("https://");
}

/// A file that a stage is given decides by what it holds, not by where it lies.
void name_by_content(Json& stage) {
  for (const char* key : {"model", "library"}) {
    if (!stage.contains(key)) continue;
    const auto file = stage[key].get<std::string>();
    if (is_model_name(file) && stage["type"] == "onnx")
      stage["sha256"] = ModelCatalogue::of_this_program().find(file)->sha256;
    else
      stage[key] = {{"sha256", sha256_of(file)}};
  }
}

Json settings_of(const Config& config) {
  Json stages;
  make_stages(config, config.cameras.front(), &stages);
  for (Json& stage : stages) name_by_content(stage);
  Json networks = Json::array();
  for (const BackendName& backend : inference_backends())
    networks.push_back({{"name", backend.name}, {"version", backend.version}});
  return {{"analysis_version", kAnalysisVersion},
          {"networks", std::move(networks)},
          {"camera", config.cameras.front().name},
          {"stages", std::move(stages)}};
}

/// Counts stream time, pictures and epochs from the recording's first picture on.
class Lines {
 public:
  Lines(ResultFolder::Writer& writer, const Frame& first)
      : writer_(writer), begin_s_(first.t_s), begin_(first.seq - 1), epoch_(first.epoch - 1) {}

  void alert(Alert alert) {
    alert.id = ++alerts_;
    if (auto* pass = std::get_if<AlertPass>(&alert.about)) pass->pass_t_s -= begin_s_;
    write(alert, "frame_seq", alert.frame_seq);
  }
  void analysis(const Analysis& analysis) { write(analysis, "seq", analysis.seq); }
  std::uint64_t alerts() const { return alerts_; }

 private:
  template <typename Message>
  void write(Message message, const char* seq_key, std::uint64_t seq) {
    message.t_s -= begin_s_;
    Json json = to_json(message);
    json["time"] = nullptr;
    json[seq_key] = static_cast<std::int64_t>(seq - begin_);
    json["epoch"] = static_cast<std::int64_t>(message.epoch) - epoch_;
    for (auto& latency : json.at("latency_ms")) latency = nullptr;
    writer_.line(dump(json));
  }

  ResultFolder::Writer& writer_;
  double begin_s_;
  std::uint64_t begin_;
  std::int64_t epoch_;
  std::uint64_t alerts_ = 0;
};

}  // namespace

ArchiveAnalysis::ArchiveAnalysis(Config config)
    : config_(std::move(config)),
      settings_(settings_of(config_)),
      id_(sha256_hex(settings_.dump())) {}

std::optional<ChunkTimes> ArchiveAnalysis::times_of(const std::string& input) {
  const auto [it, is_new] = times_.try_emplace(input);
  if (!is_new) return it->second;
  try {
    const RecordingReader reader(input, std::nullopt, 1);
    it->second = ChunkTimes{.created = reader.created(), .duration_s = reader.duration_s()};
  } catch (const std::runtime_error&) {
    // There is no such chunk, or none that could be analysed.
  }
  return it->second;
}

const ArchiveSource* ArchiveAnalysis::source_of(const std::string& input,
                                                const std::function<bool()>& seen) {
  const auto known = sources_.find(input);
  if (known != sources_.end()) return &known->second;
  ArchiveSource source = measured_source(is_address(input) ? input : "file:" + input, seen);
  return source.url.empty() ? nullptr : &sources_.emplace(input, std::move(source)).first->second;
}

std::optional<ArchiveJob> ArchiveAnalysis::job_of(const std::string& input, double before_s,
                                                  std::optional<double> fps,
                                                  const std::function<bool()>& seen) {
  ArchiveJob job{.before_s = before_s, .fps = fps, .analysis = id_};
  const ArchiveSource* recording = source_of(input, seen);
  if (!recording) return std::nullopt;
  job.recording = *recording;
  ChunkSeries series =
      chunk_series(input, before_s, [this](const std::string& chunk) { return times_of(chunk); });
  job.goes_on = series.goes_on;
  for (const std::string& chunk : series.before) {
    const ArchiveSource* source = source_of(chunk, seen);
    if (!source) return std::nullopt;
    job.before.push_back(*source);
  }
  return job;
}

bool ArchiveAnalysis::run(const ArchiveJob& job, const std::vector<std::string>& files,
                          const ResultFolder& folder,
                          const std::function<bool(double t_s)>& seen) const {
  const SteadyTime start = SteadyClock::now();
  const CameraConfig& camera = config_.cameras.front();
  StageChain chain(camera.name, make_stages(config_, camera));
  double before_s = 0;
  for (std::size_t i = 0; i + 1 < files.size(); ++i)
    before_s += RecordingReader(files[i], job.fps, 1).duration_s().value_or(0);
  RideReader ride(files, std::max(0.0, before_s - job.before_s), job.fps,
                  camera.receiver.decoder_threads);

  ResultFolder::Writer writer(folder, job.name());
  std::optional<Lines> lines;
  const bool cut = job.goes_on || !job.before.empty();
  RideEvents events(cut ? kSeenByNext * job.before_s : std::numeric_limits<double>::infinity(),
                    [&lines](const Alert& alert) { lines->alert(alert); });
  std::uint64_t pictures = 0;
  double begin_s = 0;
  double end_s = 0;
  while (const FramePtr frame = ride.next()) {
    const Analysis analysis = chain.analyse(*frame);
    const bool own = ride.part() + 1 == files.size();
    if (own) {
      if (!lines) {
        lines.emplace(writer, *frame);
        begin_s = frame->t_s;
      }
      lines->analysis(analysis);
      ++pictures;
      end_s = frame->t_s + 1 / ride.reader().fps();
    }
    events.add(analysis, own);
    if (!seen(frame->t_s)) return false;
  }
  if (!lines) {
    const std::string why = ride.reader().why_no_picture();
    throw std::runtime_error(fmt::format("{}: {}", printable_url(job.recording.url),
                                         why.empty() ? "no picture could be decoded" : why));
  }
  if (!job.goes_on) events.finish();
  const DecoderCounts& counts = ride.reader().counts();
  Json about = {{"name", job.name()},
                {"job", to_json(job)},
                {"settings", settings_},
                {"version", version()},
                {"pictures", pictures},
                {"lost_pictures", counts.corrupt + counts.missing_reference + counts.waiting},
                {"duration_s", end_s - begin_s},
                {"events", events.count()},
                {"alerts", lines->alerts()},
                {"took_s", seconds_between(start, SteadyClock::now())}};
  about["job"]["recording"]["url"] = printable_url(job.recording.url);
  writer.finish(about);
  return true;
}

}  // namespace rearview

#include "app/export_command.h"

#include <fmt/core.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "app/config.h"
#include "app/feedback_export.h"
#include "app/store_folder.h"
#include "base/error.h"
#include "fit/ride_fit.h"
#include "receive/recording_reader.h"
#include "render/overlay.h"
#include "render/video_writer.h"
#include "store/archive_file.h"
#include "types/json.h"

namespace rearview {
namespace {

namespace fs = std::filesystem;

/// Pictures that were not analysed show what was seen shortly before, for no longer than this.
constexpr double kShown_s = 0.5;
/// Half a tick of a clip's time stamps, 1/90000 s: nothing is nearer to a picture than its own.
constexpr double kSameTime_s = 0.5 / 90'000;

struct Seen {
  double t_s = 0;
  Analysis analysis;
};

std::vector<Seen> read_sidecar(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  try {
    const nlohmann::json sidecar = nlohmann::json::parse(text);
    std::vector<Seen> all;
    for (const auto& frame : sidecar.at("frames")) {
      Seen& seen = all.emplace_back();
      seen.t_s = frame.at("t_s");
      seen.analysis.road = from_name<Road>(frame.at("road").get<std::string>()).value();
      seen.analysis.state = from_name<AnalysisState>(frame.at("state").get<std::string>()).value();
      seen.analysis.text = frame.at("text");
      for (const auto& track : frame.at("tracks"))
        seen.analysis.tracks.push_back(track_from_json(track));
    }
    return all;
  } catch (const std::exception& e) {
    throw std::runtime_error(fmt::format("{}: not a clip's sidecar: {}", file.string(), e.what()));
  }
}

void burn(const fs::path& clip, const fs::path& tracks, const fs::path& out) {
  const std::vector<Seen> seen = read_sidecar(tracks);
  RecordingReader reader(clip.string(), std::nullopt, 1);
  std::unique_ptr<VideoWriter> writer;
  std::size_t next = 0;
  while (const FramePtr frame = reader.next()) {
    while (next < seen.size() && seen[next].t_s <= frame->t_s + kSameTime_s) ++next;
    if (!writer) writer = std::make_unique<VideoWriter>(out, frame->size(), reader.fps());
    const bool known = next > 0 && frame->t_s - seen[next - 1].t_s < kShown_s;
    writer->write(known ? draw_overlay(*frame, seen[next - 1].analysis) : frame->bgr(), frame->t_s);
  }
  if (!writer)
    throw std::runtime_error(fmt::format("{}: no picture could be decoded", clip.string()));
  writer->finish();
}

/// The file appears whole or not at all.
void write_whole(const fs::path& out, const std::function<void(const fs::path&)>& fill) {
  const fs::path beside = out.string() + ".part";
  std::error_code error;
  try {
    fill(beside);
    fs::rename(beside, out);
  } catch (...) {
    fs::remove(beside, error);
    throw;
  }
}

void export_clip(const ArchiveFile& archive, const ExportOptions& options, const fs::path& folder) {
  const std::uint64_t id = *options.alert;
  if (!archive.alert(id))
    throw UsageError(fmt::format("{}: there is no alert {}", folder.string(), id));
  const auto clip = archive.clip(id);
  const auto tracks = archive.tracks(id);
  if (!clip || !tracks)
    throw UsageError(fmt::format("{}: alert {} has no clip", folder.string(), id));
  write_whole(options.out, [&](const fs::path& beside) {
    if (options.burn)
      burn(*clip, *tracks, beside);
    else
      fs::copy_file(*clip, beside, fs::copy_options::overwrite_existing);
  });
}

void export_ride(const ArchiveFile& archive, const ExportOptions& options, const fs::path& folder) {
  const auto ride = archive.ride(*options.ride);
  if (!ride)
    throw UsageError(fmt::format("{}: there is no ride {}", folder.string(), *options.ride));
  const std::string fit = ride_fit(ride_record(archive, *ride));
  write_whole(options.out, [&fit](const fs::path& beside) {
    std::ofstream file(beside, std::ios::binary);
    file.write(fit.data(), static_cast<std::streamsize>(fit.size()));
    file.close();
    if (!file) throw std::runtime_error(fmt::format("{}: can't be written", beside.string()));
  });
}

}  // namespace

int export_command(const ExportOptions& options) {
  const Config config = read_config_or_default(options.config);
  const fs::path folder = store_folder(options.store, config.store);
  if (folder.empty())
    throw UsageError(
        "no store folder: give --store FOLDER, or --config FILE of a service with one");
  const ArchiveFile archive(folder);
  if (options.feedback)
    write_whole(options.out,
                [&](const fs::path& beside) { write_feedback(archive, folder, beside); });
  else if (options.ride)
    export_ride(archive, options, folder);
  else
    export_clip(archive, options, folder);
  fmt::print("{}\n", options.out.string());
  return kExitDone;
}

}  // namespace rearview

#include "app/feedback_export.h"

#include <fmt/core.h>

#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "app/zip_file.h"
#include "base/error.h"
#include "base/log.h"
#include "evaluate/feedback_truth.h"

namespace rearview {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPage = 1000;

/// What was said of one clip, before anybody has looked into its sidecar.
struct Said {
  fs::path clip;
  fs::path tracks;
  std::vector<KeptAlert> alerts;
  std::vector<std::pair<Missed, std::optional<ClipSpan>>> missed;
  bool anything = false;
};

/// By the clip's file: all alerts of an encounter share one.
std::map<fs::path, Said> said_of_clips(const ArchiveFile& archive) {
  std::map<fs::path, Said> clips;
  for (AlertQuery query{.limit = kPage};;) {
    const std::vector<KeptAlert> page = archive.alerts(query);
    if (page.empty()) break;
    query.after = page.back().id;
    for (const KeptAlert& alert : page) {
      if (!alert.vehicle() || !alert.keeping.has_clip) continue;
      const auto clip = archive.clip(alert.id);
      const auto tracks = archive.tracks(alert.id);
      if (!clip || !tracks) continue;
      Said& said = clips[*clip];
      said.clip = *clip;
      said.tracks = *tracks;
      said.anything = said.anything || alert.keeping.mark.has_value();
      said.alerts.push_back(alert);
    }
  }
  for (MissedQuery query{.limit = kPage};;) {
    const std::vector<Missed> page = archive.missed(query);
    if (page.empty()) break;
    query.after = page.back().id;
    for (const Missed& moment : page) {
      const auto clip = archive.missed_clip(moment.id);
      const auto tracks = archive.missed_tracks(moment.id);
      if (!clip || !tracks) continue;
      Said& said = clips[*clip];
      said.clip = *clip;
      said.tracks = *tracks;
      said.anything = true;
      said.missed.emplace_back(moment, archive.span_of_missed(moment.id));
    }
  }
  std::erase_if(clips, [](const auto& clip) { return !clip.second.anything; });
  return clips;
}

nlohmann::ordered_json truth_of(const Said& said, const nlohmann::json& sidecar) {
  const double t0_s = sidecar.at("t0_s").get<double>();
  JudgedClip judged{.input = said.clip.filename().string(), .alerts = {}, .missed = {}};
  for (const KeptAlert& alert : said.alerts)
    judged.alerts.push_back({alert, alert.t_s - t0_s, alert.keeping.mark});
  const double end_s =
      sidecar.at("frames").empty() ? 0 : sidecar.at("frames").back().at("t_s").get<double>();
  for (const auto& [moment, span] : said.missed) {
    const double t_s =
        span ? std::chrono::duration<double>(moment.time - span->from).count() : end_s;
    judged.missed.push_back({moment.id, t_s, moment.note});
  }
  return feedback_truth(judged, sidecar);
}

}  // namespace

std::size_t write_feedback(const ArchiveFile& archive, const fs::path& folder,
                           const fs::path& out) {
  const std::map<fs::path, Said> clips = said_of_clips(archive);
  if (clips.empty())
    throw UsageError(fmt::format(
        "{}: of no alert with a clip was it said whether it was right, wrong or late, and no "
        "missed moment has a clip: mark some on the page first",
        folder.string()));
  ZipWriter zip(out);
  std::size_t written = 0;
  for (const auto& [file, said] : clips) {
    const std::string stem = said.clip.stem().string();
    try {
      std::ifstream in(said.tracks, std::ios::binary);
      const std::string sidecar((std::istreambuf_iterator<char>(in)),
                                std::istreambuf_iterator<char>());
      const std::string truth = truth_of(said, nlohmann::json::parse(sidecar)).dump() + "\n";
      zip.add(stem + ".mp4", said.clip);
      zip.add(stem + ".json", sidecar);
      zip.add(stem + ".truth.json", truth);
      ++written;
    } catch (const nlohmann::json::exception& error) {
      // The others are worth as much as before.
      log::warning("export", "a clip's sidecar can't be read; it is left out",
                   {{"file", said.tracks.string()}, {"why", error.what()}});
    }
  }
  zip.finish();
  return written;
}

}  // namespace rearview

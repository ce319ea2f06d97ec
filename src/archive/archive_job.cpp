#include "archive/archive_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string_view>

#include "base/sha256.h"

namespace rearview {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLongestUrl = 4096;

Json to_json(const ArchiveSource& source) {
  return {{"url", source.url}, {"bytes", source.bytes}, {"sha256", source.sha256}};
}

std::string sha256_in(const nlohmann::json& json, const char* key) {
  auto text = json.at(key).get<std::string>();
  if (text.size() != 64 || text.find_first_not_of("0123456789abcdef") != std::string::npos)
    throw std::runtime_error(fmt::format("\"{}\" is not 64 lower-case hexadecimal digits", key));
  return text;
}

double number_in(const nlohmann::json& json, const char* key, double least, double most) {
  const auto number = json.at(key).get<double>();
  if (!(number >= least && number <= most))
    throw std::runtime_error(fmt::format("\"{}\" is not from {} to {}", key, least, most));
  return number;
}

ArchiveSource source_in(const nlohmann::json& json) {
  ArchiveSource source{.url = json.at("url").get<std::string>(),
                       .bytes = json.at("bytes").get<std::uint64_t>(),
                       .sha256 = sha256_in(json, "sha256")};
  const auto is = [&source](std::string_view start) { return source.url.starts_with(start); };
  if (source.url.size() > kLongestUrl || !(is("file:/") || is("http://") || is("https://")))
    throw std::runtime_error("an address is neither file:/…, http://… nor https://…");
  return source;
}

}  // namespace

std::string ArchiveJob::name() const {
  Json json = {{"recording", recording.sha256}, {"analysis", analysis}};
  if (fps) json["fps"] = *fps;
  if (before_s > 0 && (goes_on || !before.empty())) {
    json["before_s"] = before_s;
    json["goes_on"] = goes_on;
    for (const ArchiveSource& chunk : before) json["before"].push_back(chunk.sha256);
  }
  Sha256 sha256;
  sha256.add(json.dump());
  return sha256.finish();
}

Json to_json(const ArchiveJob& job) {
  Json before = Json::array();
  for (const ArchiveSource& chunk : job.before) before.push_back(to_json(chunk));
  return {{"recording", to_json(job.recording)},
          {"before", std::move(before)},
          {"before_s", job.before_s},
          {"goes_on", job.goes_on},
          {"fps", job.fps ? Json(*job.fps) : Json(nullptr)},
          {"analysis", job.analysis}};
}

ArchiveJob archive_job_from_json(const nlohmann::json& json) {
  try {
    ArchiveJob job{.recording = source_in(json.at("recording")),
                   .before_s = number_in(json, "before_s", 0, kLongestBefore_s),
                   .goes_on = json.at("goes_on").get<bool>(),
                   .analysis = sha256_in(json, "analysis")};
    if (!json.at("fps").is_null()) job.fps = number_in(json, "fps", kLeastFps, kMostFps);
    const nlohmann::json& before = json.at("before");
    if (!before.is_array()) throw std::runtime_error("\"before\" is no list");
    if (before.size() > kMostChunksBefore)
      throw std::runtime_error(fmt::format("more than {} chunks before", kMostChunksBefore));
    std::transform(before.begin(), before.end(), std::back_inserter(job.before), source_in);
    return job;
  } catch (const nlohmann::json::exception& error) {
    throw std::runtime_error(fmt::format("not a job of an archive: {}", error.what()));
  }
}

}  // namespace rearview

#include "collect/fleet_queries.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "http/response.h"
#include "site/query.h"

namespace rearview {
namespace {

using http::HttpError;
using http::Request;

constexpr std::uint64_t kMostPasses = 10'000;
constexpr std::uint64_t kPasses = 1'000;

/// Newest first. $1: since, $2: at most, $3: close ones only.
constexpr const char* kPassesSql = R"sql(
SELECT json_build_object('type', 'FeatureCollection', 'features', coalesce(json_agg(ST_AsGeoJSON(f, 'place', 6)::json), '[]'))
FROM (
  SELECT place::geometry AS place, concat_ws('/', uuid, epoch, id) AS pass, gateway, camera, time, kind, class, side,
    lateral_m, closing_mps, rider_speed_mps
  FROM passes
  WHERE place IS NOT NULL AND time >= coalesce(nullif($1, '')::timestamptz, '-infinity')
    AND ($3 = '0' OR kind = 'close_pass') {}
  ORDER BY time DESC LIMIT $2::bigint
) AS f
)sql";
/// West, south, east, north.
constexpr const char* kInBox =
    "AND place::geometry && ST_MakeEnvelope($4::float8, $5::float8, $6::float8, $7::float8, 4326)";
/// West lies east of east: it goes across the date line.
constexpr const char* kInBothBoxes =
    "AND (place::geometry && ST_MakeEnvelope($4::float8, $5::float8, 180, $7::float8, 4326) "
    "OR place::geometry && ST_MakeEnvelope(-180, $5::float8, $6::float8, $7::float8, 4326))";

/// $1: since; a day without it, 31 days at most.
constexpr const char* kHoursSql = R"sql(
SELECT coalesce(json_agg(json_build_object('hour', hour, 'passes', passes, 'close_passes', close_passes) ORDER BY hour), '[]')
FROM (
  SELECT hour, count(id) AS passes, count(id) FILTER (WHERE kind = 'close_pass') AS close_passes
  FROM generate_series(date_trunc('hour', greatest(now() - interval '31 days',
      coalesce(nullif($1, '')::timestamptz, now() - interval '23 hours'))), now(), interval '1 hour') AS hour
    LEFT JOIN passes ON passes.time >= hour AND passes.time < hour + interval '1 hour'
  GROUP BY hour
) AS counted
)sql";

/// Gravest first.
constexpr const char* kRoads = "{danger,approaching,no_signal,blind,unknown,following,clear}";
/// $1: seconds, $2: roads. A state counts while the stream got it and the gateway made it a moment
/// ago: one that waited on the way must not pass for new. Of several cameras the road is the
/// gravest.
constexpr const char* kGatewaysSql = R"sql(
SELECT coalesce(json_agg(json_build_object('gateway', gateway, 'uuid', uuid, 'heard', heard,
  'silent_s', round(extract(epoch FROM greatest(now() - heard, interval '0'))::numeric, 1),
  'road', coalesce(($2::text[])[gravest], 'unknown'),
  'cameras', roads, 'version', version, 'newest_alert_id', newest_alert_id, 'alerts_behind', alerts_behind,
  'clock_off_s', round(extract(epoch FROM state_time - state_heard)::numeric, 1)) ORDER BY gateway, uuid), '[]')
FROM (
  SELECT gateways.*, now() - least(state_heard, state_time, now()) <= make_interval(secs => $1::float8)
    AND state->>'status' IS DISTINCT FROM 'offline' AS fresh
  FROM gateways
) AS known, LATERAL (
  SELECT coalesce(json_agg(json_build_object('name', camera->>'name', 'road', road)), '[]') AS roads,
    min(array_position($2::text[], road)) AS gravest
  FROM jsonb_array_elements(CASE jsonb_typeof(state->'cameras') WHEN 'array' THEN state->'cameras' ELSE '[]' END) AS camera,
    LATERAL (SELECT CASE WHEN fresh AND camera->>'road' = ANY ($2::text[]) THEN camera->>'road' ELSE 'unknown' END AS road) AS judged
) AS cameras
)sql";

double degrees_or_400(std::string_view text, double most) {
  const std::string number(text);
  char* end = nullptr;
  const double value = std::strtod(number.c_str(), &end);
  if (number.empty() || end != number.c_str() + number.size() || !(value >= -most && value <= most))
    throw HttpError(400, "bbox must be west,south,east,north in degrees");
  return value;
}

/// West, south, east, north.
std::vector<double> box_of(std::string_view text) {
  std::vector<double> box;
  for (std::size_t begin = 0; begin <= text.size() && box.size() <= 4;) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    box.push_back(
        degrees_or_400(text.substr(begin, comma - begin), box.size() % 2 == 0 ? 180 : 90));
    begin = comma + 1;
  }
  if (box.size() != 4) throw HttpError(400, "bbox must be west,south,east,north in degrees");
  return box;
}

std::string since_of(const Request& request) {
  return std::string(request.query_value("since").value_or(""));
}

}  // namespace

FleetQueries::FleetQueries(std::string url, int silent_s)
    : url_(std::move(url)), silent_s_(silent_s) {}

std::string FleetQueries::ask(const std::string& sql, const std::vector<std::string>& parameters) {
  std::unique_ptr<Database> database;
  {
    const MutexLock lock(mutex_);
    if (!idle_.empty()) {
      database = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  for (bool again = database != nullptr;; again = false) {
    try {
      if (!database) database = std::make_unique<Database>(url_, "rearview collect, read");
      std::string answer = database->ask(sql, parameters).front().front();
      const MutexLock lock(mutex_);
      idle_.push_back(std::move(database));
      return answer;
    } catch (const DatabaseError& error) {
      if (error.of_data()) throw HttpError(400, error.what());
      database.reset();
      // One that lay idle may have been closed.
      if (!again) throw HttpError(503, fmt::format("the database: {}", error.what()));
    }
  }
}

std::string FleetQueries::passes(const Request& request) {
  only_these(request, {"bbox", "since", "limit", "close"});
  const auto limit = request.query_value("limit");
  const auto close = request.query_value("close");
  std::vector<std::string> parameters{
      since_of(request),
      std::to_string(limit ? number_or_400("limit", *limit, 1, kMostPasses) : kPasses),
      close && flag_or_400("close", *close) ? "1" : "0"};
  const char* where = "";
  if (const auto text = request.query_value("bbox")) {
    const std::vector<double> box = box_of(*text);
    for (const double degrees : box) parameters.push_back(fmt::format("{}", degrees));
    where = box[0] <= box[2] ? kInBox : kInBothBoxes;
  }
  return ask(fmt::format(fmt::runtime(kPassesSql), where), parameters);
}

std::string FleetQueries::hours(const Request& request) {
  only_these(request, {"since"});
  return ask(kHoursSql, {since_of(request)});
}

std::string FleetQueries::gateways() {
  return ask(kGatewaysSql, {std::to_string(silent_s_), kRoads});
}

std::string FleetQueries::problem() {
  try {
    ask("SELECT 1", {});
    return {};
  } catch (const HttpError& error) {
    return error.what();
  }
}

}  // namespace rearview

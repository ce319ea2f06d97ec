#include "collect/fleet_store.h"

#include <fmt/format.h>

#include <iterator>
#include <string_view>
#include <utility>

#include "collect/fleet_schema.h"
#include "types/json.h"

namespace rearview {
namespace {

/// Rows that one DELETE takes: none holds a lock for long.
constexpr int kForgottenAtOnce = 10'000;
/// More that nobody understands say nothing new, and somebody may send them for fun.
constexpr int kMostRefused = 10'000;

/// A batch, as JSON, into its tables. Rows are sorted by their keys, so that two collectors lock
/// them in the same order. What a message says of itself is in m, of what happened in e.
constexpr const char* kInsert = R"sql(
WITH batch AS MATERIALIZED (
  SELECT m, m->>'uuid' AS uuid, m->>'gateway' AS gateway, m->>'epoch' AS epoch, m->>'type' AS type,
    (m->>'id')::bigint AS id, m->(m->>'type') AS e,
    to_timestamp((one->>'stored_us')::float8 / 1e6) AS heard, (one->>'sequence')::numeric AS sequence
  FROM jsonb_array_elements($1::jsonb) AS one, LATERAL (SELECT one->'message' AS m) AS message
), event AS MATERIALIZED (
  SELECT batch.*, (e->>'time')::timestamptz AS time, CASE WHEN abs(lat) <= 90 AND abs(lon) <= 180
    THEN ST_SetSRID(ST_MakePoint(lon, lat), 4326)::geography END AS place
  FROM batch, LATERAL (SELECT (e#>>'{position,lat}')::float8 AS lat, (e#>>'{position,lon}')::float8 AS lon) AS point
  ORDER BY uuid, epoch, id
), gateway_rows AS (
  INSERT INTO gateways AS known (uuid, gateway, heard, state_heard, state)
  SELECT uuid, (array_agg(gateway ORDER BY sequence DESC))[1], max(heard), max(heard) FILTER (WHERE type = 'state'),
    (array_agg(e ORDER BY sequence DESC) FILTER (WHERE type = 'state'))[1]
  FROM batch GROUP BY uuid ORDER BY uuid
  ON CONFLICT (uuid) DO UPDATE SET gateway = excluded.gateway, heard = greatest(known.heard, excluded.heard),
    state_heard = greatest(known.state_heard, excluded.state_heard),
    state = CASE WHEN excluded.state_heard >= coalesce(known.state_heard, '-infinity')
      THEN excluded.state ELSE known.state END
), alert_rows AS (
  INSERT INTO alerts (uuid, epoch, id, gateway, camera, time, kind, level, ride, place, heard, message)
  SELECT uuid, epoch, id, gateway, e->>'camera', time, e->>'kind', e->>'level', (e->>'ride')::bigint, place, heard, m
  FROM event WHERE type = 'alert' ON CONFLICT DO NOTHING RETURNING 1
), pass_rows AS (
  INSERT INTO passes (uuid, epoch, id, gateway, camera, time, kind, class, side, ride, lateral_m, closing_mps,
    rider_speed_mps, place, heard, message)
  SELECT uuid, epoch, id, gateway, e->>'camera', time, e->>'kind', e->>'class', e->>'side', (e->>'ride')::bigint,
    (e->>'lateral_m')::float8, (e->>'closing_mps')::float8, (e->>'rider_speed_mps')::float8, place, heard, m
  FROM event WHERE type = 'pass' ON CONFLICT DO NOTHING RETURNING 1
), ride_rows AS (
  INSERT INTO rides (uuid, epoch, id, gateway, camera, begins, ends, duration_s, distance_m, passes, close_passes,
    track, heard, message)
  SELECT uuid, epoch, id, gateway, e->>'camera', (e->>'start')::timestamptz, (e->>'end')::timestamptz,
    (e->>'duration_s')::float8, (e->>'distance_m')::float8, (e->>'passes')::bigint, (e->>'close_passes')::bigint,
    (SELECT ST_SetSRID(ST_MakeLine(ST_MakePoint((one->>'lon')::float8, (one->>'lat')::float8) ORDER BY n), 4326)::geography
      FROM jsonb_array_elements(CASE jsonb_typeof(m->'track') WHEN 'array' THEN m->'track' ELSE '[]' END)
        WITH ORDINALITY AS point(one, n) HAVING count(*) > 1),
    heard, m
  FROM event WHERE type = 'ride' ON CONFLICT DO NOTHING RETURNING 1
)
SELECT (SELECT count(*) FROM alert_rows) + (SELECT count(*) FROM pass_rows) + (SELECT count(*) FROM ride_rows),
  (SELECT count(*) FROM batch WHERE type <> 'state'), (SELECT count(*) FROM batch WHERE type = 'state')
)sql";

std::string element(const StreamMessage& message) {
  return fmt::format(R"({{"sequence":{},"stored_us":{},"message":{}}})", message.sequence,
                     message.stored_us, message.payload);
}

std::string hex(std::string_view bytes) {
  std::string text = "\\x";
  for (const char c : bytes) fmt::format_to(std::back_inserter(text), "{:02x}", c & 0xff);
  return text;
}

Kept& operator+=(Kept& sum, const Kept& more) {
  sum.rows += more.rows;
  sum.known += more.known;
  sum.states += more.states;
  sum.refused += more.refused;
  return sum;
}

}  // namespace

FleetStore::FleetStore(const std::string& url) : database_(url, "rearview collect") {
  migrate(database_);
}

Kept FleetStore::keep(const std::vector<StreamMessage>& messages) {
  Kept kept;
  std::vector<const StreamMessage*> good;
  std::vector<std::pair<const StreamMessage*, std::string>> bad;
  std::string batch;
  for (const StreamMessage& message : messages) {
    if (std::string fault = fault_of(message); !fault.empty()) {
      bad.emplace_back(&message, std::move(fault));
      continue;
    }
    good.push_back(&message);
    batch += (batch.empty() ? "[" : ",") + element(message);
  }
  Transaction transaction(database_);
  for (const auto& [message, fault] : bad) refuse(*message, fault);
  kept.refused = bad.size();
  if (!good.empty()) {
    database_.run("SAVEPOINT whole");
    try {
      kept += insert(batch + "]");
    } catch (const DatabaseError& error) {
      if (!error.of_data() || database_.lost()) throw;
      database_.run("ROLLBACK TO whole");
      kept += keep_one_by_one(good);
    }
  }
  transaction.commit();
  return kept;
}

Kept FleetStore::keep_one_by_one(const std::vector<const StreamMessage*>& messages) {
  Kept kept;
  for (const StreamMessage* message : messages) {
    database_.run("SAVEPOINT one");
    try {
      kept += insert("[" + element(*message) + "]");
    } catch (const DatabaseError& error) {
      if (!error.of_data() || database_.lost()) throw;
      database_.run("ROLLBACK TO one");
      refuse(*message, error.what());
      ++kept.refused;
    }
    database_.run("RELEASE one");
  }
  return kept;
}

Kept FleetStore::insert(const std::string& batch) {
  const auto counts = database_.ask(kInsert, {batch}).front();
  Kept kept;
  kept.rows = std::stoull(counts[0]);
  kept.known = std::stoull(counts[1]) - kept.rows;
  kept.states = std::stoull(counts[2]);
  return kept;
}

void FleetStore::refuse(const StreamMessage& message, const std::string& reason) {
  database_.ask(
      "INSERT INTO refused VALUES ($1, $2, to_timestamp($3::float8 / 1e6), $4, $5) "
      "ON CONFLICT DO NOTHING",
      {valid_utf8(message.subject), std::to_string(message.sequence),
       std::to_string(message.stored_us), valid_utf8(reason), hex(message.payload)});
}

std::uint64_t FleetStore::forget(int keep_days) {
  std::uint64_t count = 0;
  const auto delete_where = [&](const char* table, const std::string& which) {
    count += database_
                 .ask(fmt::format("DELETE FROM {0} WHERE ctid = ANY (ARRAY(SELECT ctid FROM {0} "
                                  "{1} LIMIT {2})) RETURNING 1",
                                  table, which, kForgottenAtOnce))
                 .size();
  };
  const std::string old = fmt::format("WHERE heard < now() - make_interval(days => {})", keep_days);
  if (keep_days > 0) {
    for (const char* table : {"alerts", "passes", "rides", "gateways", "refused"})
      delete_where(table, old);
  }
  delete_where("refused",
               fmt::format("ORDER BY heard DESC, sequence DESC OFFSET {}", kMostRefused));
  return count;
}

}  // namespace rearview

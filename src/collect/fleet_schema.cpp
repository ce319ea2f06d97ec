#include "collect/fleet_schema.h"

#include <fmt/core.h>

#include <array>
#include <cstddef>

#include "base/error.h"

namespace rearview {
namespace {

/// A version's statements are never changed once they were released: another version follows.
constexpr std::array kMigrations{
    // 1. A state stands once, in a gateway's row; its columns come from its JSON.
    R"sql(
CREATE TABLE gateways (
  uuid text PRIMARY KEY,
  gateway text NOT NULL,
  heard timestamptz NOT NULL,
  state_heard timestamptz,
  state jsonb,
  state_time timestamptz GENERATED ALWAYS AS (to_timestamp((state->>'time_ms')::float8 / 1000)) STORED,
  version text GENERATED ALWAYS AS (state->>'version') STORED,
  newest_alert_id bigint GENERATED ALWAYS AS ((state->>'newest_alert_id')::bigint) STORED,
  alerts_behind bigint GENERATED ALWAYS AS ((state->>'alerts_behind')::bigint) STORED
);
CREATE INDEX gateways_gateway ON gateways (gateway);

CREATE TABLE alerts (
  uuid text, epoch text, id bigint,
  gateway text NOT NULL,
  camera text,
  time timestamptz NOT NULL,
  kind text NOT NULL,
  level text,
  ride bigint,
  place geography(Point, 4326),
  heard timestamptz NOT NULL,
  message jsonb NOT NULL,
  PRIMARY KEY (uuid, epoch, id)
);
CREATE INDEX alerts_time ON alerts (time);
CREATE INDEX alerts_place ON alerts USING gist (place);
CREATE INDEX alerts_heard ON alerts USING brin (heard);

CREATE TABLE passes (
  uuid text, epoch text, id bigint,
  gateway text NOT NULL,
  camera text,
  time timestamptz NOT NULL,
  kind text NOT NULL,
  class text,
  side text,
  ride bigint,
  lateral_m float8,
  closing_mps float8,
  rider_speed_mps float8,
  place geography(Point, 4326),
  heard timestamptz NOT NULL,
  message jsonb NOT NULL,
  PRIMARY KEY (uuid, epoch, id)
);
CREATE INDEX passes_time ON passes (time);
CREATE INDEX passes_place ON passes USING gist (place);
CREATE INDEX passes_box ON passes USING gist ((place::geometry));
CREATE INDEX passes_heard ON passes USING brin (heard);

CREATE TABLE rides (
  uuid text, epoch text, id bigint,
  gateway text NOT NULL,
  camera text,
  begins timestamptz NOT NULL,
  ends timestamptz,
  duration_s float8,
  distance_m float8,
  passes bigint,
  close_passes bigint,
  track geography(LineString, 4326),
  heard timestamptz NOT NULL,
  message jsonb NOT NULL,
  PRIMARY KEY (uuid, epoch, id)
);
CREATE INDEX rides_begins ON rides (begins);
CREATE INDEX rides_track ON rides USING gist (track);
CREATE INDEX rides_heard ON rides USING brin (heard);

CREATE TABLE refused (
  subject text, sequence bigint, heard timestamptz,
  reason text NOT NULL,
  raw bytea NOT NULL,
  PRIMARY KEY (heard, sequence, subject)
);
)sql",
};

constexpr const char* kLock = "SELECT pg_advisory_xact_lock(hashtext('rearview collect'))";

void have_postgis(Database& database) {
  if (!database.ask("SELECT 1 FROM pg_extension WHERE extname = 'postgis'").empty()) return;
  try {
    database.run("CREATE EXTENSION postgis");
  } catch (const DatabaseError& error) {
    if (database.lost()) throw;
    throw UsageError(
        fmt::format("the database has no PostGIS, and it can't be had: {}; install it (Debian: "
                    "postgresql-postgis) and have a superuser say CREATE EXTENSION postgis there",
                    error.what()));
  }
}

}  // namespace

void migrate(Database& database) {
  Transaction transaction(database);
  // An extension or an index takes its time, and so does another program that is at it.
  database.run("SET LOCAL statement_timeout = 0");
  database.ask(kLock);
  have_postgis(database);
  try {
    database.run(
        "CREATE TABLE IF NOT EXISTS schema_migrations ("
        "version integer PRIMARY KEY, made timestamptz NOT NULL DEFAULT now())");
    std::size_t version = std::stoul(
        database.ask("SELECT coalesce(max(version), 0) FROM schema_migrations").front().front());
    if (version > kMigrations.size())
      throw UsageError(
          fmt::format("the database is of version {}, and this program knows {}: it takes a newer "
                      "program",
                      version, kMigrations.size()));
    for (; version < kMigrations.size(); ++version) {
      database.run(kMigrations.at(version));
      database.ask("INSERT INTO schema_migrations (version) VALUES ($1)",
                   {std::to_string(version + 1)});
    }
  } catch (const DatabaseError& error) {
    // 42: this user may not, or other things bear these names.
    if (!error.sqlstate.starts_with("42")) throw;
    throw UsageError(fmt::format(
        "the tables can't be made: {}; give a database of its own to this user", error.what()));
  }
  transaction.commit();
}

}  // namespace rearview

#include "tests/support/fuzz_documents.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/error.h"
#include "evaluate/truth.h"
#include "store/store_reader.h"
#include "store/store_schema.h"
#include "tests/support/memory_file.h"
#include "types/json.h"

namespace rearview::test {
namespace {

void demand(bool condition, const char* promise) {
  if (!condition) throw std::logic_error(std::string("broken promise: ") + promise);
}

/// Whole JSON, however odd the values are.
template <typename T>
void tell(const T& one) {
  demand(nlohmann::json::accept(message_of(one)), "what is told is JSON");
}

void ask(const TruthTrack& track) {
  if (track.empty()) return;
  for (const double t_s : {-1.0, 0.0, 0.5, 1.0, 1e6}) {
    track.box_at(t_s);
    track.distance_at(t_s);
    if (const auto closing = track.closing_at(t_s, {640, 360}))
      demand(closing->ttc_s > 0 && closing->ttc_s <= 10, "a time to contact within what is told");
  }
}

std::vector<std::string> lines_of(std::span<const std::uint8_t> input) {
  std::vector<std::string> lines(1);
  for (const std::uint8_t byte : input) {
    if (byte == '\n')
      lines.emplace_back();
    else
      lines.back() += static_cast<char>(byte);
  }
  return lines;
}

/// Rows whose columns hold whatever the lines say.
class SpoiltRows {
 public:
  explicit SpoiltRows(const SQLite::Database& database)
      : alerts_(database,
                "INSERT INTO alerts (id, json, camera, kind, time_ms, locked, snapshot_bytes, "
                "clip, ride) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1)"),
        rides_(database,
               "INSERT INTO rides (id, unseen, camera, start_ms, seen_ms, duration_s, distance_m, "
               "known_s, moving_s) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"),
        passes_(database,
                "INSERT INTO passes (id, ride, camera, time_ms, close, class, side, lead_s, "
                "lateral_m, closing_mps, lat_deg, lon_deg, accuracy_m, rider_speed_mps, "
                "ride_distance_m) VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
        track_(database, "INSERT INTO track VALUES (?, ?, ?, ?, ?, ?, ?)") {}

  void insert(const std::vector<std::string>& lines) {
    for (const std::int64_t id : {1, 2}) {
      const std::size_t first = id == 1 ? 0 : 3;
      insert(alerts_, id, lines, first);
      insert(rides_, id, lines, first + 1);
      insert(passes_, id, lines, first);
      insert(track_, id, lines, first);
    }
  }

 private:
  /// The columns behind the id from that line on and around.
  static void insert(SQLite::Statement& statement, std::int64_t id,
                     const std::vector<std::string>& lines, std::size_t first) {
    statement.bind(1, id);
    for (int i = 2; i <= statement.getBindParameterCount(); ++i)
      statement.bind(i, lines[(first + static_cast<std::size_t>(i - 2)) % lines.size()]);
    try {
      statement.exec();
    } catch (const SQLite::Exception&) {
      // It can't be a row.
    }
    statement.tryReset();
  }

  SQLite::Statement alerts_;
  SQLite::Statement rides_;
  SQLite::Statement passes_;
  SQLite::Statement track_;
};

}  // namespace

void fuzz_truth(std::span<const std::uint8_t> input) {
  const MemoryFile file(input);
  Truth truth;
  try {
    truth = read_truth(file.path());
  } catch (const UsageError& error) {
    demand(std::string(error.what()).starts_with(file.path().string()),
           "a refusal names its source");
    return;
  }
  demand(truth.fps >= 1 && truth.fps <= 240 && !truth.input.empty(), "what is read is in bounds");
  truth.ignored(1);
  for (const TruthEvent& event : truth.events) ask(event.track);
  for (const TruthOther& other : truth.others) ask(other.track);
}

void fuzz_stored(std::span<const std::uint8_t> input) {
  static SQLite::Database database(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  static const bool made = make_schema(database, "memory");
  demand(made, "there is a schema");
  static SpoiltRows rows(database);
  SQLite::Transaction undone(database);
  rows.insert(lines_of(input));
  const StoreReader reader(database);
  for (const KeptAlert& alert : reader.alerts({}, 10)) tell(alert);
  for (const Ride& ride : reader.rides({})) {
    demand(ride.duration_s >= 0 && ride.unseen_s() >= 0, "a ride takes time");
    tell(ride);
  }
  for (const Pass& pass : reader.passes({})) tell(pass);
  demand(reader.track(1).size() <= 2, "no more points than were kept");
  reader.media(1);
}

std::vector<std::string> truth_samples() {
  return {
      R"({"input":"ride.mp4","fps":30,"duration_s":12.5,"events":[{"id":1,"class":"car","side":)"
      R"("left","t_visible_s":1.0,"t_pass_s":5.5,"lateral_m":1.4,"track":[[1.0,300,170,20,16,40.5],)"
      R"([1.2,299,169,22,18,38.1],[1.4,298,169,24,19,null],[1.6,297,168,26,21,33.0],)"
      R"([1.8,295,168,29,24]]}],"others":[{"id":"p","kind":"alongside","t0_s":0,"t1_s":2}],)"
      R"("ignore":[[0,1.5],[9,12]]})",
      R"({"input":"a","fps":1,"events":[],"others":[{"id":"q","kind":"parked","t0_s":0,"t1_s":3,)"
      R"("track":[[0.1,1,2,3,4,0],[0.2,1e30,2,3,4,1e9],[0.5,1,2,0,0,null]]}]})",
      "[",
      "{\"input\":1e400}",
  };
}

std::vector<std::string> stored_samples() {
  Alert alert;
  alert.id = 7;
  alert.camera = "rear";
  alert.kind = AlertKind::close_pass;
  alert.about = AlertPass{{.track_id = 3}, 41.5};
  alert.text = "wörd";
  return {dump(to_json(alert)) + "\n[[0,12],[20,30]]\nrear\n1793436600123\n1\n3\n0.5",
          "{}\n[]\n\n-9223372036854775808\n1e308\nnan\n",
          "{\"kind\":\"overtake\"}\n[[5,1]]\ncar\nleft\n\xff\xfe\n99999999999999999999"};
}

}  // namespace rearview::test

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/core.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>
#include <system_error>
#include <utility>

#include "store/rows.h"
#include "store/store_change.h"
#include "store/store_schema.h"

namespace rearview {
namespace {

namespace fs = std::filesystem;

constexpr int kBusy_ms = 1000;
/// Alerts reserved at a time, when fewer than half are left. What a crash leaves unused are gaps,
/// which are allowed.
constexpr std::uint64_t kAlertsReserved = 2000;
/// Of folders with something set aside, each as large as a store may be.
constexpr int kMostSetAside = 3;

fs::path with(const fs::path& file, const char* ending) {
  return file.string() + ending;
}

/// Failures of the disk and of other programs' making: the database itself may be good.
bool is_of_the_disk(int error) {
  switch (error & 0xff) {  // the rest are details
    case SQLITE_PERM:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_READONLY:
    case SQLITE_INTERRUPT:
    case SQLITE_IOERR:
    case SQLITE_FULL:
    case SQLITE_CANTOPEN:
    case SQLITE_PROTOCOL:
    case SQLITE_NOLFS:
    case SQLITE_AUTH:
      return true;
    default:
      return false;
  }
}

fs::path set_aside_folder(const fs::path& folder, int number) {
  return folder / fmt::format("set-aside-{}", number);
}

bool is_there(const fs::path& folder) {
  std::error_code error;
  return fs::is_directory(folder, error);
}

}  // namespace

StoreDatabase::StoreDatabase(const fs::path& folder)
    : folder_(folder), file_(folder.empty() ? "" : folder / "alerts.db"), mark_(folder) {}

StoreDatabase::~StoreDatabase() = default;

SQLite::Database& StoreDatabase::writer() {
  if (!writer_) throw std::runtime_error("the store is not open");
  return *writer_;
}

void StoreDatabase::close() {
  const MutexLock lock(reader_mutex_);
  reader_.reset();
  writer_.reset();  // the last one brings the log into the database
}

StoreDatabase::Opened StoreDatabase::open() {
  const bool same = writer_ && files_.gone().empty();
  const bool damaged = same && (damaged_ || !spoilt().empty());
  damaged_ = false;
  close();
  try {
    return open_files(same, damaged);
  } catch (...) {
    close();
    throw;
  }
}

StoreDatabase::Opened StoreDatabase::open_files(bool same, bool damaged) {
  Opened opened;
  if (in_memory()) {
    connect();
    return opened;
  }
  if (!lock_ || !locked_.gone().empty()) {
    lock_.reset();
    lock_.emplace(folder_);
    locked_.watch({folder_ / "lock"});
  }
  std::error_code error;
  const bool none = !fs::exists(file_, error) && !error;
  if (damaged)
    opened.set_aside = fmt::format("{} is damaged", file_.string());
  else if (none && (is_there(folder_ / "snapshots") || is_there(folder_ / "clips")))
    opened.set_aside = fmt::format("{} is gone, and its pictures are there", file_.string());
  if (!opened.set_aside.empty()) set_aside_all();
  try {
    opened.another = connect() || !same;
    opened.next = next_;
  } catch (const SQLite::Exception& e) {
    close();
    if (is_of_the_disk(e.getErrorCode())) throw;
    opened.set_aside = fmt::format("{} is damaged: {}", file_.string(), e.what());
    set_aside_all();
    connect();
    opened.another = true;
    opened.next = next_;
  }
  return opened;
}

bool StoreDatabase::connect() {
  std::error_code error;
  const bool was_there = !in_memory() && fs::file_size(file_, error) > 0 && !error;
  writer_ =
      std::make_unique<SQLite::Database>(in_memory() ? ":memory:" : file_.string(),
                                         SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, kBusy_ms);
  writer().exec("PRAGMA journal_mode = WAL");
  writer().exec("PRAGMA synchronous = FULL");
  // Cut to less than a page, or with its log deleted, it is an empty one to SQLite.
  if (was_there && mark_.read() != NextIds{} &&
      writer().execAndGet("PRAGMA user_version").getInt() == 0)
    throw SQLite::Exception("nothing is in it", SQLITE_CORRUPT);
  const bool made = make_schema(writer(), file_.string());
  count();
  latest_rides();  // reads as much as a start needs
  reserved_ = {};
  if (in_memory()) return made;
  next_ = first_free();
  reserve(next_);  // also shows that the disk takes something
  auto reader = std::make_unique<SQLite::Database>(file_.string(), SQLite::OPEN_READONLY, kBusy_ms);
  size_ = fs::file_size(file_);
  files_.watch({file_, with(file_, "-wal"), with(file_, "-shm")});
  const MutexLock lock(reader_mutex_);
  reader_ = std::move(reader);
  return made;
}

std::string StoreDatabase::broken() const {
  if (!writer_) return "the store is not open";
  if (in_memory()) return {};
  if (damaged_) return fmt::format("{} is damaged", file_.string());
  if (const std::string gone = locked_.gone(); !gone.empty()) return gone;
  if (const std::string gone = files_.gone(); !gone.empty()) return gone;
  return spoilt();
}

std::string StoreDatabase::spoilt() const {
  std::error_code error;
  const auto size = fs::file_size(file_, error);
  if (!error && size < size_) return fmt::format("{}: was cut short", file_.string());
  // Through SQLite's own descriptor: closing another one would end its locks.
  constexpr std::string_view kBegin = "SQLite format 3";
  std::array<char, kBegin.size()> begin{};
  sqlite3_file* file = nullptr;
  const bool read =
      sqlite3_file_control(writer_->getHandle(), "main", SQLITE_FCNTL_FILE_POINTER, &file) ==
          SQLITE_OK &&
      file && file->pMethods &&
      file->pMethods->xRead(file, begin.data(), static_cast<int>(begin.size()), 0) == SQLITE_OK;
  return read && std::string_view(begin.data(), begin.size()) != kBegin
             ? fmt::format("{}: was overwritten", file_.string())
             : std::string();
}

void StoreDatabase::failed_by(const std::exception& failure) const {
  const auto* of_sqlite = dynamic_cast<const SQLite::Exception*>(&failure);
  if (!of_sqlite || in_memory()) return;
  const int code = of_sqlite->getErrorCode() & 0xff;
  if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) damaged_ = true;
}

void StoreDatabase::set_aside_all() {
  int number = 1;
  while (number < kMostSetAside && is_there(set_aside_folder(folder_, number))) ++number;
  const fs::path aside = set_aside_folder(folder_, number);
  fs::remove_all(aside);  // where there are that many already, the newest one gives way
  fs::create_directory(aside);
  std::error_code error;
  if (fs::exists(file_, error)) fs::rename(file_, aside / file_.filename());
  for (const fs::path& other :
       {with(file_, "-wal"), with(file_, "-shm"), folder_ / "snapshots", folder_ / "clips"})
    fs::rename(other, aside / other.filename(), error);  // none is good, too
}

fs::path StoreDatabase::set_aside() const {
  if (in_memory()) return {};
  for (int number = kMostSetAside; number > 0; --number) {
    const fs::path aside = set_aside_folder(folder_, number);
    if (is_there(aside)) return aside;
  }
  return {};
}

void StoreDatabase::count() {
  // Of numbers that somebody wrote there, too: a sum of them must not fail.
  const auto number = [this](const char* sql) {
    constexpr double kMost = 1e18;
    return static_cast<std::uint64_t>(std::clamp(writer().execAndGet(sql).getDouble(), 0.0, kMost));
  };
  alerts_ = number("SELECT count(*) FROM alerts");
  media_bytes_ = number(
      "SELECT (SELECT total(bytes) FROM clips) + (SELECT total(snapshot_bytes) FROM alerts)");
  track_points_ = number("SELECT total(track_points) FROM rides");
}

NextIds StoreDatabase::first_free() const {
  NextIds next = in_memory() ? NextIds{} : mark_.read();
  if (!writer_) return next;
  const auto at_least = [this](std::uint64_t& one, const char* sql) {
    const std::int64_t known = writer_->execAndGet(sql).getInt64();
    if (known > 0 && known < std::int64_t{1} << 60) one = std::max(one, unsigned_of(known));
  };
  at_least(next.alert, "SELECT coalesce(max(next_id), 1) FROM ids");
  at_least(next.alert, "SELECT coalesce(max(id), 0) + 1 FROM alerts");
  at_least(next.alert, "SELECT coalesce(max(id), 0) + 1 FROM missed");
  at_least(next.ride, "SELECT coalesce(max(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'rides'");
  return next;
}

std::uint64_t StoreDatabase::reserved_alerts() const {
  return in_memory() ? std::numeric_limits<std::uint64_t>::max() : reserved_.alert;
}

void StoreDatabase::reserve(const NextIds& next) {
  const bool enough = next.alert + kAlertsReserved / 2 <= reserved_.alert;
  if (enough && next.ride <= reserved_.ride) return;
  const NextIds more{enough ? reserved_.alert : next.alert + kAlertsReserved,
                     std::max(next.ride, reserved_.ride)};
  if (!in_memory()) mark_.write(more);
  SQLite::Statement update(writer(), "UPDATE ids SET next_id = max(next_id, ?)");
  update.bind(1, signed_of(more.alert));
  update.exec();
  reserved_ = more;
}

}  // namespace rearview

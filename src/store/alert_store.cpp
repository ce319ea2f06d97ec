#include "store/alert_store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "types/json.h"

namespace rearview {
namespace {

constexpr int kSchemaVersion = 1;
/// Ids reserved at a time. Those that a crash leaves unused are gaps, which are allowed.
constexpr std::uint64_t kReserved = 1000;
constexpr std::chrono::seconds kRetry(1);

}  // namespace

void StoreConfig::read(ConfigReader& reader) {
  reader.path("folder", folder);
  reader.number("alerts_in_memory", alerts_in_memory, 1, 1'000'000);
  reader.number("alerts_on_disk", alerts_on_disk, 1, 100'000'000);
}

/// The SQLite file: one connection that writes, used by the writer thread alone, and one that
/// reads, behind a mutex.
class AlertStore::Database {
 public:
  explicit Database(const std::filesystem::path& folder)
      : lock_(folder),
        file_((folder / "alerts.db").string()),
        writer_(open_writer(file_)),
        reader_(file_, SQLite::OPEN_READONLY, kBusy_ms) {}

  /// The first id that was never reserved.
  std::uint64_t first_free_id() {
    SQLite::Statement query(*writer_, "SELECT next_id FROM ids");
    query.executeStep();
    return static_cast<std::uint64_t>(query.getColumn(0).getInt64());
  }

  void reserve(std::uint64_t next_id) {
    SQLite::Statement update(*writer_, "UPDATE ids SET next_id = max(next_id, ?)");
    update.bind(1, static_cast<std::int64_t>(next_id));
    update.exec();
  }

  void insert(const std::vector<Alert>& alerts, std::size_t keep) {
    SQLite::Transaction transaction(*writer_);
    reserve(alerts.back().id + kReserved);
    SQLite::Statement insert(*writer_,
                             "INSERT INTO alerts (id, camera, kind, json) VALUES (?, ?, ?, ?)");
    for (const Alert& alert : alerts) {
      insert.bind(1, static_cast<std::int64_t>(alert.id));
      insert.bind(2, alert.camera);
      insert.bind(3, std::string(name(alert.kind)));
      insert.bind(4, to_json(alert).dump());
      insert.exec();
      insert.reset();
    }
    SQLite::Statement forget(
        *writer_,
        "DELETE FROM alerts WHERE id <= (SELECT id FROM alerts ORDER BY id DESC LIMIT 1 OFFSET ?)");
    forget.bind(1, static_cast<std::int64_t>(keep));
    forget.exec();
    transaction.commit();
  }

  /// Alerts with query.after < id < before, oldest first.
  std::vector<Alert> select(const AlertQuery& query, std::uint64_t before) const {
    const std::lock_guard lock(reader_mutex_);
    SQLite::Statement select(
        reader_,
        "SELECT json FROM alerts WHERE id > ? AND id < ? "
        "AND (?3 = '' OR camera = ?3) AND (?4 = '' OR kind = ?4) ORDER BY id LIMIT ?5");
    select.bind(1, static_cast<std::int64_t>(query.after));
    select.bind(2, static_cast<std::int64_t>(before));
    select.bind(3, query.camera.value_or(""));
    select.bind(4, std::string(query.kind ? name(*query.kind) : ""));
    select.bind(5, static_cast<std::int64_t>(query.limit));
    std::vector<Alert> found;
    while (select.executeStep())
      found.push_back(alert_from_json(nlohmann::json::parse(select.getColumn(0).getString())));
    return found;
  }

  /// After a failed write: the connection may hold a broken transaction.
  void reopen() { writer_ = open_writer(file_); }

 private:
  static constexpr int kBusy_ms = 1000;

  /// Two programs on one database would give the same ids.
  class FolderLock {
   public:
    explicit FolderLock(const std::filesystem::path& folder) {
      std::error_code error;
      std::filesystem::create_directories(folder, error);
      const std::string file = (folder / "lock").string();
      fd_ = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
      if (fd_ < 0)
        throw std::runtime_error(
            fmt::format("{}: {}", file, std::generic_category().message(errno)));
      if (flock(fd_, LOCK_EX | LOCK_NB) == 0) return;
      close(fd_);
      throw std::runtime_error(
          fmt::format("{}: another program keeps its alerts here; give each its own store folder",
                      folder.string()));
    }
    ~FolderLock() { close(fd_); }
    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;

   private:
    int fd_;
  };

  static std::unique_ptr<SQLite::Database> open_writer(const std::string& file) {
    auto database = std::make_unique<SQLite::Database>(
        file, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, kBusy_ms);
    database->exec("PRAGMA journal_mode = WAL");
    database->exec("PRAGMA synchronous = FULL");
    const int version = database->execAndGet("PRAGMA user_version").getInt();
    if (version > kSchemaVersion)
      throw std::runtime_error(fmt::format("{}: written by a newer version (schema {}, known {})",
                                           file, version, kSchemaVersion));
    if (version == 0) {
      SQLite::Transaction transaction(*database);
      database->exec(
          "CREATE TABLE alerts (id INTEGER PRIMARY KEY, camera TEXT NOT NULL, kind TEXT NOT NULL, "
          "json TEXT NOT NULL)");
      database->exec("CREATE TABLE ids (next_id INTEGER NOT NULL)");
      database->exec("INSERT INTO ids VALUES (1)");
      database->exec(fmt::format("PRAGMA user_version = {}", kSchemaVersion));
      transaction.commit();
    }
    return database;
  }

  FolderLock lock_;
  std::string file_;
  std::unique_ptr<SQLite::Database> writer_;
  mutable std::mutex reader_mutex_;
  mutable SQLite::Database reader_;
};

AlertStore::AlertStore(const StoreConfig& config) : config_(config) {
  if (config_.folder.empty()) return;
  try {
    database_ = std::make_unique<Database>(config_.folder);
    newest_id_ = on_disk_id_ = database_->first_free_id() - 1;
    database_->reserve(newest_id_ + 1 + kReserved);
  } catch (const SQLite::Exception& e) {
    throw std::runtime_error(
        fmt::format("{}: alerts can't be stored: {}", config_.folder.string(), e.what()));
  }
  writer_ = std::jthread([this](std::stop_token stop) { write(stop); });
}

AlertStore::~AlertStore() {
  if (!writer_.joinable()) return;
  flush();
  writer_.request_stop();
  writer_.join();
}

Alert AlertStore::append(Alert alert) {
  {
    const std::lock_guard lock(mutex_);
    alert.id = ++newest_id_;
    recent_.push_back(alert);
    if (recent_.size() > config_.alerts_in_memory) {
      if (database_ && recent_.front().id > on_disk_id_) {
        on_disk_id_ = recent_.front().id;
        ++lost_;
      }
      recent_.pop_front();
    }
  }
  changed_.notify_all();
  return alert;
}

void AlertStore::write(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return on_disk_id_ < newest_id_; }) &&
         !stop.stop_requested()) {
    std::vector<Alert> waiting;
    std::copy_if(recent_.begin(), recent_.end(), std::back_inserter(waiting),
                 [this](const Alert& a) { return a.id > on_disk_id_; });
    std::string problem;
    lock.unlock();
    try {
      if (!problem_.empty()) database_->reopen();
      database_->insert(waiting, config_.alerts_on_disk);
    } catch (const std::exception& e) {
      problem = e.what();
    }
    lock.lock();
    ++attempts_;
    if (problem.empty()) on_disk_id_ = std::max(on_disk_id_, waiting.back().id);
    if (problem.empty() != problem_.empty()) {
      if (problem.empty())
        log::info("store", "alerts are stored again", {{"lost", lost_}});
      else
        log::error("store", "alerts can't be stored; they are still sent", {{"why", problem}});
    }
    problem_ = problem;
    changed_.notify_all();
    if (!problem_.empty()) changed_.wait_for(lock, stop, kRetry, [] { return false; });
  }
}

bool AlertStore::flush() {
  std::unique_lock lock(mutex_);
  if (!database_) return true;
  const std::uint64_t wanted = newest_id_;
  const std::uint64_t attempt = attempts_ + 1;  // one may be under way with less than all
  changed_.wait(
      lock, [&] { return on_disk_id_ >= wanted || (attempts_ > attempt && !problem_.empty()); });
  return on_disk_id_ >= wanted && problem_.empty();
}

StoreStatus AlertStore::status() const {
  const std::lock_guard lock(mutex_);
  StoreStatus status;
  status.persistent = database_ != nullptr;
  status.problem = problem_;
  if (database_) status.waiting = newest_id_ - on_disk_id_;
  status.lost = lost_;
  return status;
}

std::vector<Alert> AlertStore::alerts(const AlertQuery& query) const {
  std::vector<Alert> found;
  std::uint64_t first_recent = 0;
  {
    const std::lock_guard lock(mutex_);
    first_recent = recent_.empty() ? newest_id_ + 1 : recent_.front().id;
  }
  // From disk what memory no longer has; the two meet at first_recent whatever is appended
  // meanwhile.
  if (database_ && query.after + 1 < first_recent) found = database_->select(query, first_recent);
  const std::lock_guard lock(mutex_);
  const auto first = std::partition_point(recent_.begin(), recent_.end(), [&](const Alert& a) {
    return a.id <= query.after || a.id < first_recent;
  });
  for (auto it = first; it != recent_.end() && found.size() < query.limit; ++it) {
    if (query.camera && it->camera != *query.camera) continue;
    if (query.kind && it->kind != *query.kind) continue;
    found.push_back(*it);
  }
  return found;
}

std::optional<Alert> AlertStore::alert(std::uint64_t id) const {
  if (id == 0) return std::nullopt;
  const auto found = alerts({.after = id - 1, .limit = 1});
  if (found.empty() || found.front().id != id) return std::nullopt;
  return found.front();
}

std::uint64_t AlertStore::newest_id() const {
  const std::lock_guard lock(mutex_);
  return newest_id_;
}

}  // namespace rearview

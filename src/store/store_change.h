#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <optional>

#include "store/store_database.h"

namespace rearview {

/// One transaction. In memory, where one connection serves all, it also keeps readers out.
class StoreDatabase::Change {
 public:
  explicit Change(StoreDatabase& database) {
    if (database.in_memory()) lock_.emplace(database.reader_mutex_);
    transaction_.emplace(database.writer());
  }
  void commit() { transaction_->commit(); }

 private:
  std::optional<MutexLock> lock_;
  std::optional<SQLite::Transaction> transaction_;
};

}  // namespace rearview

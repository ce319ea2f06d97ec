#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <mutex>

#include "store/store_database.h"

namespace rearview {

/// One transaction. In memory, where one connection serves all, it also keeps readers out.
class StoreDatabase::Change {
 public:
  explicit Change(StoreDatabase& database)
      : lock_(database.in_memory() ? std::unique_lock(database.reader_mutex_)
                                   : std::unique_lock<std::mutex>()),
        transaction_(database.writer()) {}
  void commit() { transaction_.commit(); }

 private:
  std::unique_lock<std::mutex> lock_;
  SQLite::Transaction transaction_;
};

}  // namespace rearview

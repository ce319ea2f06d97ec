#pragma once

#include <string>

namespace SQLite {
class Database;
}

namespace rearview {

constexpr int kSchemaVersion = 6;

/// Makes the tables of a store database, or brings those of an older version up to date: wholly or
/// not at all; whether there were none. file: for messages. Throws std::runtime_error for one of a
/// newer version.
bool make_schema(SQLite::Database& database, const std::string& file);

}  // namespace rearview

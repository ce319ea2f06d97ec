#pragma once

#include "collect/database.h"

namespace rearview {

/// Brings the tables to this program's version, several programs at once too. Throws UsageError
/// with a sentence where the database has no PostGIS or is of a newer version, or this user may not
/// make tables; DatabaseError otherwise.
void migrate(Database& database);

}  // namespace rearview

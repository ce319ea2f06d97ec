#pragma once

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "store/store_database.h"
#include "store/stretches.h"
#include "types/json.h"
#include "types/message_fields.h"

namespace rearview {

inline std::int64_t signed_of(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

inline std::uint64_t unsigned_of(std::int64_t value) {
  return static_cast<std::uint64_t>(value);
}

inline std::uint64_t unsigned_of(const SQLite::Column& column) {
  return unsigned_of(column.getInt64());
}

// Rows of the database are written and read by the names of their columns, which are those of the
// fields. What is only in the database is described here, messages in types/message_fields.h.

template <>
inline constexpr auto kFields<StoredRide> = std::tuple{
    Field<&StoredRide::id>{"id"},
    Field<&StoredRide::camera>{"camera"},
    Field<&StoredRide::start>{"start_ms"},
    Field<&StoredRide::seen>{"seen_ms"},
    Field<&StoredRide::duration_s>{"duration_s"},
    Field<&StoredRide::travelled, &Travelled::distance_m>{"distance_m"},
    Field<&StoredRide::travelled, &Travelled::known_s>{"known_s"},
    Field<&StoredRide::travelled, &Travelled::moving_s>{"moving_s"},
    Field<&StoredRide::unseen>{"unseen"},
};

template <>
inline constexpr auto kFields<StoredPoint> = std::tuple{
    Field<&StoredPoint::ride>{"ride"},
    Field<&StoredPoint::point, &TrackPoint::t_s>{"t_s"},
    Field<&StoredPoint::point, &TrackPoint::position>{"position"},
    Field<&StoredPoint::point, &TrackPoint::speed_mps>{"speed_mps"},
    Field<&StoredPoint::point, &TrackPoint::distance_m>{"distance_m"},
};

/// A column holds what nobody wrote.
struct BadColumn : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <typename T>
void bind_value(SQLite::Statement& statement, const std::string& parameter, const T& value) {
  if constexpr (requires { value.has_value(); }) {
    if (value) bind_value(statement, parameter, *value);
  } else if constexpr (Named<T>) {
    statement.bind(parameter, std::string(name(value)));
  } else if constexpr (std::is_same_v<T, WallTime>) {
    statement.bind(parameter, unix_ms(value));
  } else if constexpr (std::is_same_v<T, std::vector<Stretch>>) {
    statement.bind(parameter, text_of(value));
  } else if constexpr (std::is_integral_v<T>) {
    statement.bind(parameter, static_cast<std::int64_t>(value));
  } else {
    statement.bind(parameter, value);
  }
}

/// Throws BadColumn.
template <typename T>
void read_value(const SQLite::Column& column, T& value) {
  if constexpr (requires { value.has_value(); }) {
    value.reset();
    if (!column.isNull()) read_value(column, value.emplace());
  } else if constexpr (Named<T>) {
    value = from_name<T>(column.getString()).value_or(value);
  } else if constexpr (std::is_same_v<T, WallTime>) {
    value = from_unix_ms(column.getInt64());
  } else if constexpr (std::is_same_v<T, std::vector<Stretch>>) {
    const auto read = stretches_from(column.getString());
    if (!read) throw BadColumn("no list of stretches");
    value = *read;
  } else if constexpr (std::is_integral_v<T>) {
    value = static_cast<T>(column.getInt64());
  } else if constexpr (std::is_floating_point_v<T>) {
    value = column.getDouble();
  } else {
    value = column.getString();
  }
}

/// Calls use(column, value) for each column of the row: value points to it, or is null where the
/// optional that it is in is empty, or row is null.
template <typename T, typename F>
void for_each_column(T* row, const F& use) {
  for_each_field<std::remove_const_t<T>>([&](const auto& field) {
    if constexpr (std::is_pointer_v<decltype(field.in(*row))>) {
      auto* value = row ? field.in(*row) : nullptr;
      using Value = std::remove_cvref_t<decltype(*value)>;
      if constexpr (Described<Value>) {
        for_each_column(value, use);
      } else if constexpr (requires { requires Described<typename Value::value_type>; }) {
        for_each_column(value && *value ? &**value : nullptr, use);
      } else {
        const std::string_view column = field.rules.column.empty() ? field.key : field.rules.column;
        if (column != kNotStored) use(std::string(column), value);
      }
    }
  });
}

/// The columns, each as text has it with its name in the place of {}, and commas between.
template <Described T>
std::string columns(fmt::format_string<const std::string&> text) {
  std::string all;
  for_each_column(static_cast<const T*>(nullptr), [&](const std::string& column, const auto*) {
    all += (all.empty() ? "" : ", ") + fmt::format(text, column);
  });
  return all;
}

/// Of a statement with a parameter :column for each column, all of them null before.
template <Described T>
void bind_row(SQLite::Statement& statement, const T& row) {
  for_each_column(&row, [&statement](const std::string& column, const auto* value) {
    if (value) bind_value(statement, ":" + column, *value);
  });
}

/// Of a result with a column of each name.
template <Described T>
void read_row(SQLite::Statement& statement, T& row) {
  for_each_column(&row, [&statement](const std::string& column, auto* value) {
    if (value) read_value(statement.getColumn(column.c_str()), *value);
  });
}

/// nullopt: somebody has spoilt it.
inline std::optional<StoredRide> stored_ride(SQLite::Statement& select) {
  StoredRide ride;
  try {
    read_row(select, ride);
  } catch (const BadColumn&) {
    return std::nullopt;
  }
  return ride;
}

/// Of an alert, from its columns locked, snapshot_bytes, clip, ride, mark.
inline Keeping keeping_of(SQLite::Statement& select) {
  Keeping keeping;
  read_value(select.getColumn("locked"), keeping.locked);
  keeping.has_snapshot = select.getColumn("snapshot_bytes").getInt64() != 0;
  keeping.has_clip = !select.getColumn("clip").isNull();
  read_value(select.getColumn("ride"), keeping.ride);
  read_value(select.getColumn("mark"), keeping.mark);
  return keeping;
}

}  // namespace rearview

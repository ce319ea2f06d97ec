// docs/openapi.yaml and docs/http-api.md say of each message what types/message_fields.h says.
// REARVIEW_WRITE_DOCS=1 writes it there instead of comparing.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "types/json.h"
#include "types/message_fields.h"

namespace rearview {
namespace {

/// What a component is called: as its type, but for those of which nobody outside would think so.
template <typename T>
std::string component() {
  if (std::is_same_v<T, cv::Rect2f>) return "Box";
  if (std::is_same_v<T, ViewGeometry>) return "View";
  std::string_view name = __PRETTY_FUNCTION__;
  name.remove_prefix(name.find("T = rearview::") + std::string_view("T = rearview::").size());
  return std::string(name.substr(0, name.find_first_of(";]")));
}

template <typename T>
struct Kind {
  using Type = T;
  static constexpr bool optional = false;
  static constexpr bool list = false;
};
template <typename T>
struct Kind<std::optional<T>> : Kind<T> {
  static constexpr bool optional = true;
};
template <typename T>
struct Kind<std::vector<T>> : Kind<T> {
  static constexpr bool list = true;
};

/// What a field's value may be, in both documents' words.
struct Value {
  std::string schema;  ///< without what is around it
  std::string word;
};

std::string names_of(const auto& names, const char* around) {
  std::string all;
  for (const auto one : names)
    all += (all.empty() ? "" : ", ") + fmt::format("{0}{1}{0}", around, one);
  return all;
}

/// The keys of a small object; of a large one where it has a table.
template <typename T>
std::string keys_of() {
  constexpr std::size_t kMost = 4;
  std::vector<std::string_view> keys;
  for_each_field<T>([&keys](const auto& field) { keys.push_back(field.key); });
  std::string anchor = component<T>();
  anchor[0] = static_cast<char>(std::tolower(anchor[0]));
  return keys.size() > kMost ? fmt::format("as [{}](#{}) says", component<T>(), anchor)
                             : fmt::format("{{{}}}", names_of(keys, "`"));
}

template <typename T>
Value value_of() {
  if constexpr (Described<T>)
    return {fmt::format("$ref: \"#/components/schemas/{}\"", component<T>()), keys_of<T>()};
  else if constexpr (Named<T>)
    return {fmt::format("$ref: \"#/components/schemas/{}\"", component<T>()),
            names_of(kNames<T>, "`")};
  else if constexpr (std::is_same_v<T, WallTime>)
    return {"type: string, format: date-time", "time"};
  else if constexpr (std::is_same_v<T, bool>)
    return {"type: boolean", "true or false"};
  else if constexpr (std::is_integral_v<T>)
    return {"type: integer", "whole number"};
  else if constexpr (std::is_floating_point_v<T>)
    return {"type: number", "number"};
  else
    return {"type: string", "text"};
}

/// As the key ends.
std::string unit_of(std::string_view key) {
  for (const auto& [ending, unit] : {std::pair{"_deg_per_s", "°/s"},
                                     {"_per_s", "1/s"},
                                     {"_mps", "m/s"},
                                     {"_ms", "ms"},
                                     {"_s", "s"},
                                     {"_m", "m"},
                                     {"_px", "px"},
                                     {"_deg", "°"}})
    if (key.ends_with(ending)) return unit;
  return {};
}

struct Row {
  std::string key;
  std::string schema;
  std::string line;  ///< of the table
  bool required = true;
};

template <typename T, typename F>
Row row_of(const F& field) {
  T message{};
  using Pointed = std::remove_cvref_t<decltype(*field.in(message))>;
  using Of = Kind<Pointed>;
  const FieldRules& rules = field.rules;
  const Value value = value_of<typename Of::Type>();
  const bool nullable =
      !rules.left_out && rules.otherwise.empty() && (Of::optional || !field.in(message));
  std::string schema = value.schema;
  if (rules.least) schema += fmt::format(", minimum: {}", *rules.least);
  if (rules.most) schema += fmt::format(", maximum: {}", *rules.most);
  if (Of::list)
    schema = fmt::format("type: array, items: {{{}}}", schema);
  else if (nullable)
    schema = fmt::format("anyOf: [{{{}}}, {{type: \"null\"}}]", schema);
  if (!field.doc.empty()) schema += fmt::format(", description: \"{}\"", field.doc);

  std::string word = value.word;
  if (Of::list) word = "list, each " + word;
  if (const std::string unit = unit_of(field.key); !unit.empty()) word += ", " + unit;
  if (nullable) word += ", or null";
  if (rules.left_out) word += "; may be absent";
  const std::string key(field.key);
  return {key, fmt::format("        {}: {{{}}}\n", key, schema),
          fmt::format("| `{}` | {} | {} |\n", key, word, field.doc), !rules.left_out};
}

template <typename T>
std::vector<Row> rows_of() {
  std::vector<Row> rows;
  if (!kType<T>.empty())
    rows.push_back({"type", fmt::format("        type: {{const: {}}}\n", kType<T>),
                    fmt::format("| `type` | `{}` | |\n", kType<T>)});
  for_each_field<T>([&](const auto& field) {
    if (!field.key.empty()) rows.push_back(row_of<T>(field));
  });
  return rows;
}

/// An alert as the store gives it out.
template <>
std::vector<Row> rows_of<KeptAlert>() {
  std::vector<Row> rows = rows_of<Alert>();
  for (Row row : rows_of<Keeping>()) {
    row.required = false;
    rows.push_back(row);
  }
  return rows;
}

template <typename T>
std::string schema_of(const std::string& name = component<T>()) {
  if constexpr (Named<T>) {
    return fmt::format("    {}: {{enum: [{}]}}\n", name, names_of(kNames<T>, ""));
  } else {
    std::string required;
    std::string properties;
    for (const Row& row : rows_of<T>()) {
      if (row.required) required += (required.empty() ? "" : ", ") + row.key;
      properties += row.schema;
    }
    return fmt::format("    {}:\n      type: object\n      required: [{}]\n      properties:\n{}",
                       name, required, properties);
  }
}

template <typename T>
std::string table_of() {
  std::string table = "| field | is | |\n|---|---|---|\n";
  for (const Row& row : rows_of<T>()) table += row.line;
  return table;
}

/// What stands in the file between begin and end, of which each has a line, is text.
void expect_between(const char* name, const std::string& begin, const std::string& end,
                    const std::string& text) {
  const std::filesystem::path file = std::filesystem::path(REARVIEW_DOCS) / name;
  std::ifstream stream(file);
  const std::string all(std::istreambuf_iterator<char>(stream), {});
  const std::size_t first = all.find(begin + "\n");
  const std::size_t last = all.find(end + "\n", first);
  ASSERT_NE(first, std::string::npos) << name << " has no line '" << begin << "'";
  ASSERT_NE(last, std::string::npos) << name << " has no line '" << end << "' behind it";
  const std::size_t from = first + begin.size() + 1;
  if (std::getenv("REARVIEW_WRITE_DOCS"))
    std::ofstream(file) << all.substr(0, from) << text << all.substr(last);
  else
    EXPECT_EQ(all.substr(from, last - from), text)
        << file << ": REARVIEW_WRITE_DOCS=1 bin/types_test writes it";
}

TEST(Documents, TheApiHasTheMessages) {
  expect_between("openapi.yaml", "    # From src/types/message_fields.h; tests/types writes it.",
                 "    # Until here.",
                 schema_of<CameraState>() + schema_of<AnalysisState>() + schema_of<Road>() +
                     schema_of<VehicleClass>() + schema_of<Motion>() + schema_of<Trend>() +
                     schema_of<Side>() + schema_of<Mark>() + schema_of<ClipState>() +
                     schema_of<AlertKind>() + schema_of<AlertLevel>() + schema_of<Explanation>() +
                     schema_of<cv::Rect2f>() + schema_of<Position>() + schema_of<Latency>() +
                     schema_of<ViewGeometry>() + schema_of<Track>() + schema_of<Analysis>() +
                     schema_of<AlertReason>() + schema_of<KeptAlert>("Alert") +
                     schema_of<AlertUpdate>() + schema_of<Ride>() + schema_of<Pass>() +
                     schema_of<Missed>() + schema_of<MissedUpdate>() + schema_of<RoadReport>() +
                     schema_of<Heartbeat>());
}

template <typename T>
void expect_table(const std::string& message) {
  expect_between("http-api.md", fmt::format("<!-- The fields of {}. -->\n", message),
                 "\n<!-- Until here. -->", table_of<T>());
}

TEST(Documents, TheGuideHasTheirTables) {
  expect_table<Analysis>("an analysis");
  expect_table<Track>("a track");
  expect_table<ViewGeometry>("a view");
  expect_table<KeptAlert>("an alert");
  expect_table<Ride>("a ride");
  expect_table<Pass>("a pass");
  expect_table<Missed>("a missed moment");
  expect_table<RoadReport>("a road's report");
}

}  // namespace
}  // namespace rearview

#include "base/settings_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "base/error.h"

namespace rearview {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kWidth = 110;

/// Whole numbers without .0, as people write them.
Json plain(Json value) {
  if (value.is_number_float()) {
    const double number = value;
    if (std::trunc(number) == number && std::abs(number) < 1e15)
      return static_cast<std::int64_t>(number);
  }
  if (value.is_structured())
    for (Json& inner : value) inner = plain(std::move(inner));
  return value;
}

std::string in_one_line(const Json& value) {
  if (!value.is_structured()) return value.dump();
  std::vector<std::string> parts;
  for (const auto& [key, inner] : value.items())
    parts.push_back(value.is_object() ? fmt::format("\"{}\": {}", key, in_one_line(inner))
                                      : in_one_line(inner));
  const std::string all = fmt::format("{}", fmt::join(parts, ", "));
  return value.is_object() ? "{" + all + "}" : "[" + all + "]";
}

/// Lines of at most kWidth, each behind start.
std::string wrapped(std::string_view text, const std::string& start) {
  std::string all;
  while (!text.empty()) {
    std::size_t length = text.size();
    if (start.size() + length > kWidth) length = text.rfind(' ', kWidth - start.size());
    if (length == std::string_view::npos) length = std::min(text.find(' '), text.size());
    all += start + std::string(text.substr(0, length)) + "\n";
    text.remove_prefix(std::min(length + 1, text.size()));
  }
  return all;
}

/// A list in lines of its own: entries of objects one a line, others as many as fit.
std::string in_lines(const Json& list, const std::string& indent) {
  std::string line;
  std::string all = "[\n";
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string entry = in_one_line(list[i]) + (i + 1 < list.size() ? "," : "");
    const bool fits = indent.size() + line.size() + entry.size() < kWidth && !list[i].is_object();
    if (!line.empty() && !fits) all += indent + "  " + std::exchange(line, "") + "\n";
    line += (line.empty() ? "" : " ") + entry;
  }
  return all + indent + "  " + line + "\n" + indent + "]";
}

bool is_group(const Json& schema) {
  return schema.contains("properties");
}

/// The keys of an object with their values and what the schema says of them.
std::string commented(const Json& schema, const Json& values, const std::string& indent) {
  std::string all;
  std::string separator;
  for (const auto& [key, what] : schema.at("properties").items()) {
    const auto found = values.find(key);
    if (found == values.end()) continue;
    std::string comment = what.value("description", "");
    if (what.contains("enum"))
      comment +=
          fmt::format(" One of {}.", fmt::join(what["enum"].get<std::vector<std::string>>(), ", "));
    std::string value;
    if (is_group(what))
      value = "{\n" + commented(what, *found, indent + "  ") + indent + "}";
    else if (found->is_array() && !found->empty() && is_group(what.at("items")))
      value = "[{\n" + commented(what["items"], found->front(), indent + "  ") + indent + "}]";
    else
      value = in_one_line(*found);
    if (value.size() > kWidth && value.find('\n') == std::string::npos)
      value = in_lines(*found, indent);
    const std::string line = fmt::format("{}\"{}\": {}", indent, key, value);
    const bool last = key == std::prev(schema["properties"].end()).key();
    const std::string first = line.substr(0, line.find('\n'));
    const std::string rest = line.substr(first.size());
    const std::string comma = last ? "" : ",";
    const std::string beside = first + (rest.empty() ? comma : "") + "  // " + comment;
    if (beside.size() <= kWidth)
      all += beside + (rest.empty() ? "" : rest + comma) + "\n";
    else
      all += wrapped(comment, indent + "// ") + line + comma + "\n";
  }
  return all;
}

std::string unit_of(std::string_view key) {
  static constexpr std::pair<std::string_view, std::string_view> kUnits[] = {
      {"_per_s", "a second"}, {"_ms", "ms"},     {"_s", "s"},   {"_m", "m"},
      {"_mps", "m/s"},        {"_px", "px"},     {"_deg", "°"}, {"_kbps", "kbit/s"},
      {"_bytes", "bytes"},    {"_kb", "kB"},     {"_mb", "MB"}, {"_mv", "mV"},
      {"_percent", "%"},      {"_days", "days"}, {"_c", "°C"},  {"fps", "a second"}};
  for (const auto& [ending, unit] : kUnits)
    if (key.ends_with(ending)) return fmt::format(" {}", unit);
  return "";
}

std::string may_be(const std::string& key, const Json& what) {
  if (what.contains("enum"))
    return fmt::format("`{}`", fmt::join(what["enum"].get<std::vector<std::string>>(), "`, `"));
  if (what.contains("const")) return fmt::format("`{}`", what["const"].get<std::string>());
  const bool or_null = what.contains("type") && what["type"].is_array();
  const auto type = or_null ? what["type"][0].get<std::string>() : what.value("type", "object");
  std::string text = type == "boolean" ? "true, false" : type == "string" ? "text" : type;
  constexpr int kAnyText_bytes = 4096;
  if (const int most = what.value("maxLength", kAnyText_bytes); most < kAnyText_bytes)
    text += fmt::format(" of {} to {} bytes", what.value("minLength", 0), most);
  if (what.contains("pattern")) text += fmt::format(", `{}`", what["pattern"].get<std::string>());
  if (what.contains("minimum"))
    text = fmt::format("{} to {}{}", what["minimum"].dump(), what["maximum"].dump(), unit_of(key));
  if (what.contains("multipleOf"))
    text += fmt::format(", a multiple of {}", what["multipleOf"].dump());
  if (type == "array")
    text = fmt::format("list of {} to {}: {}", what.value("minItems", 0), what["maxItems"].dump(),
                       may_be("", what["items"]));
  return text + (or_null ? ", null" : "");
}

void describe(const std::string& name, const Json& schema, std::string& page) {
  page += fmt::format("\n### {}\n\n", name);
  if (schema.contains("description"))
    page += wrapped(schema["description"].get<std::string>(), "") + "\n";
  page += "| key | default | may be | what for |\n|---|---|---|---|\n";
  for (const auto& [key, what] : schema.at("properties").items()) {
    if (is_group(what)) continue;
    const bool must = what.contains("examples");
    page += fmt::format("| `{}` | {} | {} | {} |\n", key,
                        must                       ? "must be given"
                        : what.contains("default") ? "`" + in_one_line(what["default"]) + "`"
                                                   : "",
                        may_be(key, what), what.value("description", ""));
  }
  for (const auto& [key, what] : schema["properties"].items()) {
    const std::string inner = name.front() == '`' ? name.substr(0, name.size() - 1) + "." : "`";
    if (is_group(what)) describe(inner + key + "`", what, page);
    if (!what.contains("items")) continue;
    if (is_group(what["items"])) describe(inner + key + "[]`", what["items"], page);
    for (const Json& one : what["items"].value("oneOf", Json::array()))
      describe(fmt::format("{}{}[]`, type `{}`", inner, key,
                           one.at("properties").at("type").at("const").get<std::string>()),
               one, page);
  }
}

}  // namespace

std::string SettingsText::print(std::string_view what) const {
  Json whole{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
             {"title", "Configuration of " + program}};
  whole.update(plain(schema));
  if (what == "schema") return whole.dump(2) + "\n";
  if (what == "defaults") {
    Json values{{"$schema", schema_file}};
    values.update(plain(defaults));
    return fmt::format(
        "// Every setting of {} with its default. Unknown keys are errors;\n"
        "// `{}` says what is wrong.\n{{\n{}}}\n",
        program, check, commented(whole, values, "  "));
  }
  if (what == "docs") {
    std::string page = fmt::format("## {}\n", program);
    describe("Outermost", whole, page);
    return page;
  }
  throw UsageError(fmt::format("config: \"{}\" is not one of schema, defaults, docs", what));
}

}  // namespace rearview

#include "base/config_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cmath>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/printable_url.h"

namespace rearview {
namespace {

constexpr std::size_t kLongestPath = 4096;
const nlohmann::json kNothing = nlohmann::json::object();

std::string shown(const nlohmann::json& given) {
  const nlohmann::json value =
      given.is_string() ? nlohmann::json(printable_url(given.get<std::string>())) : given;
  std::string text = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  constexpr std::size_t kMost = 60;
  if (text.size() > kMost) text = text.substr(0, kMost) + "…";
  return text;
}

std::string escaped(std::string_view key) {  // RFC 6901, section 3
  std::string out;
  for (const char c : key) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

}  // namespace

ConfigReader::ConfigReader(const nlohmann::json& value, std::string source, std::string where)
    : value_(value), source_(std::move(source)), where_(std::move(where)) {
  if (!value_.is_object())
    throw UsageError(fmt::format("{}: {}: {} is not an object", source_,
                                 where_.empty() ? "/" : where_, shown(value_)));
}

ConfigReader ConfigReader::teller() {
  ConfigReader reader(kNothing, "");
  reader.tells_ = true;
  return reader;
}

const nlohmann::json* ConfigReader::find(const char* key) {
  known_.insert(key);
  const auto it = value_.find(key);
  return it == value_.end() ? nullptr : &*it;
}

void ConfigReader::fail(const std::string& key, const std::string& problem) const {
  throw UsageError(fmt::format("{}: {}/{}: {}", source_, where_, escaped(key), problem));
}

void ConfigReader::fail(const std::string& list, std::size_t entry, const std::string& key,
                        const std::string& problem) const {
  throw UsageError(fmt::format("{}: {}/{}/{}/{}: {}", source_, where_, escaped(list), entry,
                               escaped(key), problem));
}

void ConfigReader::describe(const char* key, const nlohmann::ordered_json& what) {
  if (tells_) properties_[key].update(what);
}

nlohmann::ordered_json ConfigReader::schema() const {
  nlohmann::ordered_json schema{{"type", "object"}, {"additionalProperties", false}};
  for (const auto& [key, what] : properties_.items()) {
    // What is an example here has no default.
    if (what.contains("examples")) schema["required"].push_back(key);
  }
  schema["properties"] = properties_;
  return schema;
}

void ConfigReader::integer_field(const char* key, std::int64_t& value, std::int64_t least,
                                 std::int64_t most) {
  if (const nlohmann::json* found = find(key)) {
    const bool fits = found->is_number_integer() &&
                      !(found->is_number_unsigned() &&
                        found->get<std::uint64_t>() >
                            static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
    if (!fits || found->get<std::int64_t>() < least || found->get<std::int64_t>() > most)
      fail(key, fmt::format("{} is not a whole number from {} to {}", shown(*found), least, most));
    value = found->get<std::int64_t>();
  }
  effective_[key] = value;
  describe(key, {{"type", "integer"}, {"minimum", least}, {"maximum", most}});
}

void ConfigReader::real_field(const char* key, double& value, double least, double most) {
  if (const nlohmann::json* found = find(key)) {
    if (!found->is_number() || !(found->get<double>() >= least && found->get<double>() <= most))
      fail(key, fmt::format("{} is not a number from {} to {}", shown(*found), least, most));
    value = found->get<double>();
  }
  effective_[key] = value;
  describe(key, {{"type", "number"}, {"minimum", least}, {"maximum", most}});
}

void ConfigReader::boolean(const char* key, bool& target) {
  if (const nlohmann::json* found = find(key)) {
    if (!found->is_boolean()) fail(key, fmt::format("{} is not true or false", shown(*found)));
    target = found->get<bool>();
  }
  effective_[key] = target;
  describe(key, {{"type", "boolean"}});
}

void ConfigReader::text_field(const char* key, std::string& target, std::size_t least,
                              std::size_t most) {
  describe(key, {{"type", "string"}});
  if (least > 0) describe(key, {{"minLength", least}});
  describe(key, {{"maxLength", most}});
  const nlohmann::json* found = find(key);
  if (!found) return;
  if (!found->is_string()) fail(key, fmt::format("{} is not a string", shown(*found)));
  const auto& value = found->get_ref<const std::string&>();
  if (value.size() < least || value.size() > most)
    fail(key, fmt::format("{} is not {} to {} bytes long", shown(*found), least, most));
  if (value.find('\0') != std::string::npos) fail(key, "a NUL character is not allowed");
  target = value;
}

void ConfigReader::text(const char* key, std::string& target, std::size_t least, std::size_t most) {
  text_field(key, target, least, most);
  effective_[key] = printable_url(target);
}

void ConfigReader::secret(const char* key, std::string& target, std::size_t least,
                          std::size_t most) {
  try {
    text_field(key, target, least, most);
  } catch (const UsageError&) {  // which quotes it
    fail(key, fmt::format("it is not a text of {} to {} bytes", least, most));
  }
  effective_[key] = target.empty() ? "" : "***";
}

void ConfigReader::path(const char* key, std::filesystem::path& target) {
  std::string value;
  text_field(key, value, 0, kLongestPath);
  if (value_.contains(key))
    target = value.empty() ? std::filesystem::path()
                           : std::filesystem::path(source_).parent_path() / value;
  effective_[key] =
      target.empty() ? "" : std::filesystem::absolute(target).lexically_normal().string();
}

void ConfigReader::texts(const char* key, std::vector<std::string>& target, std::size_t least,
                         std::size_t most) {
  if (const nlohmann::json* found = find(key)) {
    if (!found->is_array()) fail(key, fmt::format("{} is not an array", shown(*found)));
    if (found->size() < least || found->size() > most)
      fail(key, fmt::format("{} entries are not from {} to {}", found->size(), least, most));
    std::vector<std::string> values;
    for (const auto& entry : *found) {
      if (!entry.is_string())
        throw UsageError(fmt::format("{}: {}/{}/{}: {} is not a string", source_, where_,
                                     escaped(key), values.size(), shown(entry)));
      values.push_back(entry.get<std::string>());
    }
    target = std::move(values);
  }
  auto& texts = effective_[key] = nlohmann::ordered_json::array();
  for (const std::string& value : target) texts.push_back(printable_url(value));
  describe(key, {{"type", "array"}});
  if (least > 0) describe(key, {{"minItems", least}});
  describe(key, {{"maxItems", most}, {"items", {{"type", "string"}}}});
}

void ConfigReader::endpoint(const char* key, Endpoint& target) {
  std::string address = target.text();
  constexpr std::size_t kLongest = 300;
  text(key, address, 1, kLongest);
  try {
    target = parse_endpoint(address);
  } catch (const UsageError& error) {
    fail(key, error.what());
  }
}

bool ConfigReader::choice_field(const char* key, const std::vector<std::string>& names,
                                std::string& chosen) {
  describe(key, {{"enum", names}});
  const nlohmann::json* found = find(key);
  if (!found) return false;
  if (found->is_string()) {
    chosen = found->get<std::string>();
    if (std::find(names.begin(), names.end(), chosen) != names.end()) return true;
  }
  fail(key, fmt::format("{} is not one of {}", shown(*found), fmt::join(names, ", ")));
}

bool ConfigReader::null(const char* key, const std::function<void()>& read) {
  const nlohmann::json* found = find(key);
  const bool is_null = found && found->is_null();
  if (is_null)
    effective_[key] = nullptr;
  else
    read();
  if (tells_) describe(key, {{"type", {properties_[key]["type"], "null"}}});
  return is_null;
}

void ConfigReader::object(const char* key, const std::function<void(ConfigReader&)>& read) {
  const nlohmann::json* found = find(key);
  ConfigReader inner(found ? *found : kNothing, source_, where_ + "/" + escaped(key));
  inner.tells_ = tells_;
  read(inner);
  inner.finish();
  effective_[key] = inner.effective();
  describe(key, inner.schema());
}

bool ConfigReader::objects(const char* key, std::size_t least, std::size_t most,
                           const std::function<void(ConfigReader&)>& read) {
  effective_[key] = nlohmann::ordered_json::array();
  const nlohmann::json* found = find(key);
  if (!found) return false;
  if (!found->is_array()) fail(key, fmt::format("{} is not an array", shown(*found)));
  if (found->size() < least || found->size() > most)
    fail(key, fmt::format("{} entries are not from {} to {}", found->size(), least, most));
  for (std::size_t i = 0; i < found->size(); ++i) {
    ConfigReader inner((*found)[i], source_, fmt::format("{}/{}/{}", where_, escaped(key), i));
    read(inner);
    inner.finish();
    effective_[key].push_back(inner.effective());
  }
  return true;
}

const nlohmann::json* ConfigReader::raw(const char* key) {
  const nlohmann::json* found = find(key);
  if (found) effective_[key] = *found;
  return found;
}

void ConfigReader::finish() const {
  for (const auto& [key, value] : value_.items()) {
    if (!known_.contains(key))
      fail(key, fmt::format("unknown key; known here: {}", fmt::join(known_, ", ")));
  }
}

/// Writing JSON, as messages and GET /api/v1/config do, takes stack for each level.
constexpr int kMostLevels = 64;

nlohmann::json read_json_file(const std::filesystem::path& file, std::size_t most_bytes) {
  std::ifstream in(file, std::ios::binary);
  std::string text;
  if (in && !std::filesystem::is_directory(file)) {
    std::array<char, 65536> piece;
    while (text.size() <= most_bytes && (in.read(piece.data(), piece.size()) || in.gcount() > 0))
      text.append(piece.data(), static_cast<std::size_t>(in.gcount()));
  } else {
    throw UsageError(fmt::format("{}: can't be read as a file", file.string()));
  }
  if (text.size() > most_bytes)
    throw UsageError(fmt::format("{}: larger than {} bytes", file.string(), most_bytes));

  // nlohmann keeps the last of two equal keys; a setting that silently loses is an error here.
  std::vector<std::set<std::string>> open_objects;
  const auto refuse_twice = [&](int depth, nlohmann::json::parse_event_t event,
                                nlohmann::json& parsed) {
    using Event = nlohmann::json::parse_event_t;
    if (depth > kMostLevels)
      throw UsageError(
          fmt::format("{}: nested more than {} levels deep", file.string(), kMostLevels));
    if (event == Event::object_start) open_objects.emplace_back();
    if (event == Event::object_end) open_objects.pop_back();
    if (event == Event::key && !open_objects.back().insert(parsed.get<std::string>()).second)
      throw UsageError(
          fmt::format("{}: key {} stands twice in one object", file.string(), shown(parsed)));
    return true;
  };
  try {
    return nlohmann::json::parse(text, refuse_twice, true, true);
  } catch (const nlohmann::json::out_of_range&) {
    throw UsageError(fmt::format("{}: a number is larger than 1.8e308", file.string()));
  } catch (const nlohmann::json::parse_error& e) {
    std::string what = e.what();
    if (const auto at = what.find("parse error"); at != std::string::npos) what = what.substr(at);
    throw UsageError(fmt::format("{}: {}", file.string(), what));
  }
}

}  // namespace rearview

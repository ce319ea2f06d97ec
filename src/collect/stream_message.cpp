#include "collect/stream_message.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

namespace rearview {
namespace {

using Json = nlohmann::json;

constexpr int kVersion = 1;
constexpr std::size_t kMostName_bytes = 64;

bool is_name(const Json& message, const char* key) {
  const auto it = message.find(key);
  return it != message.end() && it->is_string() && !it->get_ref<const std::string&>().empty() &&
         it->get_ref<const std::string&>().size() <= kMostName_bytes;
}

}  // namespace

std::string fault_of(const StreamMessage& message) {
  const Json json = Json::parse(message.payload, nullptr, false);
  if (json.is_discarded()) return "it is no JSON";
  if (!json.is_object()) return "it is no JSON object";
  const auto version = json.find("version");
  if (version == json.end() || !version->is_number_integer()) return "it has no version";
  if (*version != kVersion)
    return fmt::format("it is of version {}, and this program knows {}", version->dump(), kVersion);
  for (const char* key : {"gateway", "uuid", "epoch", "type"}) {
    if (!is_name(json, key))
      return fmt::format("\"{}\" isn't a text of 1 to {} bytes", key, kMostName_bytes);
  }
  const auto type = json["type"].get<std::string>();
  if (message.subject !=
      fmt::format("rearview.{}.{}", json["gateway"].get_ref<const std::string&>(), type))
    return "its gateway and type aren't those of its subject";
  if (type != "alert" && type != "pass" && type != "ride" && type != "state")
    return fmt::format("there is no type {}", type);
  const auto inner = json.find(type);
  if (inner == json.end() || !inner->is_object()) return fmt::format("\"{}\" is no object", type);
  const auto id = json.find("id");
  if (type != "state" && (id == json.end() || !id->is_number_unsigned() || *id == 0))
    return "\"id\" is no whole number from 1 on";
  return {};
}

}  // namespace rearview

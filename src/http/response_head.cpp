#include "http/response_head.h"

#include <fmt/core.h>

#include <ctime>

namespace rearview::http {
namespace {

std::optional<std::string_view> header_of(const Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (equal_ignoring_case(key, name)) return value;
  }
  return std::nullopt;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Weak comparison with each tag of an If-None-Match list.
bool names_etag(std::string_view list, std::string_view etag) {
  while (!list.empty()) {
    const std::string_view item = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), item.size() + 1));
    std::string_view tag = trimmed(item);
    if (tag == "*") return true;
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag == etag) return true;
  }
  return false;
}

void plan_file(const Request& request, const OpenFile& file, Response& response, BodyPlan& plan) {
  response.header("Accept-Ranges", "bytes");
  plan.length_bytes = file.size_bytes();
  plan.file_range.reset();
  if (file.size_bytes() > 0) plan.file_range = ByteRange{0, file.size_bytes() - 1};
  const auto range_header = request.header("Range");
  if (!range_header || request.method != "GET" || response.status != 200) return;
  const auto if_range = request.header("If-Range");
  if (if_range && *if_range != file.etag() && *if_range != file.last_modified()) return;
  const RangeAnswer answer = parse_range(*range_header, file.size_bytes());
  if (answer.kind == RangeAnswer::Kind::part) {
    response.status = 206;
    response.header("Content-Range", fmt::format("bytes {}-{}/{}", answer.range.first,
                                                 answer.range.last, file.size_bytes()));
    plan.length_bytes = answer.range.size();
    plan.file_range = answer.range;
  } else if (answer.kind == RangeAnswer::Kind::unsatisfiable) {
    response.status = 416;
    response.header("Content-Range", fmt::format("bytes */{}", file.size_bytes()));
    plan.length_bytes = 0;
    plan.file_range.reset();
  }
}

}  // namespace

BodyPlan plan_body(const Request& request, Response& response) {
  BodyPlan plan;
  if (const auto* file = std::get_if<OpenFile>(&response.body)) {
    response.header("ETag", file->etag());
    response.header("Last-Modified", file->last_modified());
  }
  const auto etag = header_of(response, "ETag");
  const auto known = request.header("If-None-Match");
  if (response.status == 200 && etag && known && names_etag(*known, *etag)) {
    response.status = 304;
    plan.framing = BodyPlan::Framing::none;
  } else if (response.status == 204) {
    plan.framing = BodyPlan::Framing::none;
  } else if (const auto* text = std::get_if<std::string>(&response.body)) {
    plan.length_bytes = text->size();
  } else if (const auto* shared = std::get_if<Bytes>(&response.body)) {
    plan.length_bytes = *shared ? (*shared)->size() : 0;
  } else if (const auto* file = std::get_if<OpenFile>(&response.body)) {
    plan_file(request, *file, response, plan);
  } else if (std::holds_alternative<std::shared_ptr<BodySource>>(response.body)) {
    plan.framing = request.http_1_0 ? BodyPlan::Framing::until_close : BodyPlan::Framing::chunked;
  } else {
    plan.framing = BodyPlan::Framing::until_close;
  }
  plan.send_body = request.method != "HEAD" && plan.framing != BodyPlan::Framing::none;
  return plan;
}

std::string make_head(const Response& response, const BodyPlan& plan, bool http_1_0,
                      bool keep_alive) {
  std::string head =
      fmt::format("HTTP/1.1 {} {}\r\nServer: rearview\r\nDate: {}\r\n", response.status,
                  reason_phrase(response.status), http_date(std::time(nullptr)));
  for (const auto& [name, value] : response.headers) {
    head += name;
    head += ": ";
    // A line break in a value would let it forge headers.
    for (const char c : value) head += c == '\r' || c == '\n' ? ' ' : c;
    head += "\r\n";
  }
  if (plan.framing == BodyPlan::Framing::length)
    head += fmt::format("Content-Length: {}\r\n", plan.length_bytes);
  if (plan.framing == BodyPlan::Framing::chunked) head += "Transfer-Encoding: chunked\r\n";
  if (!keep_alive) {
    head += "Connection: close\r\n";
  } else if (http_1_0) {
    head += "Connection: keep-alive\r\n";
  }
  head += "\r\n";
  return head;
}

}  // namespace rearview::http

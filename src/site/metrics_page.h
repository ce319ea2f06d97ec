#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/server.h"
#include "types/metric.h"

namespace rearview {

/// A label's value between its quotes.
std::string escaped_label(std::string_view text);

/// Writes /metrics: Prometheus' text format 0.0.4.
class MetricsPage {
 public:
  static constexpr const char* kType = "text/plain; version=0.0.4; charset=utf-8";

  /// What value() says from here on.
  void family(std::string_view name, std::string_view type, std::string_view help);
  template <typename T>
  void value(T number) {
    text_ += fmt::format("{} {}\n", name_, number);
  }
  template <typename T>
  void value(std::string_view labels, T number) {
    text_ += fmt::format("{}{{{}}} {}\n", name_, labels, number);
  }
  void http(const http::ServerStats& http);
  void metrics(const std::vector<Metric>& list);
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  std::string_view name_;
};

}  // namespace rearview

#include "site/metrics_page.h"

namespace rearview {

std::string escaped_label(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

void MetricsPage::family(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void MetricsPage::http(const http::ServerStats& http) {
  family("rearview_http_connections_total", "counter", "Connections accepted.");
  value(http.connections_accepted);
  family("rearview_http_connections_refused_total", "counter",
         "Connections over a limit, answered 503.");
  value(http.connections_refused);
  family("rearview_http_connections_displaced_total", "counter",
         "Silent connections closed to make room for new ones.");
  value(http.connections_displaced);
  family("rearview_http_connections_failed_total", "counter",
         "Connections ended by a fault of this program.");
  value(http.connections_failed);
  family("rearview_http_requests_limited_total", "counter",
         "Requests of addresses that ask too fast, answered 429.");
  value(http.requests_limited);
  family("rearview_http_streams_refused_total", "counter",
         "Responses without end over a limit, answered 503.");
  value(http.streams_refused);
  family("rearview_http_connections", "gauge", "Connections open now.");
  value(http.connections_open);
  family("rearview_http_streams", "gauge", "Responses without end open now.");
  value(http.streams_open);
  family("rearview_http_responses_total", "counter", "Responses by status.");
  for (const auto& [status, count] : http.responses)
    value(fmt::format("status=\"{}\"", status), count);
  family("rearview_http_sent_bytes_total", "counter", "Bytes sent.");
  value(http.bytes_sent);
  family("rearview_http_timeouts_total", "counter", "Connections closed for being too slow.");
  value(http.timeouts);
  family("rearview_http_streams_overrun_total", "counter",
         "Streams closed because too much waited for their client.");
  value(http.streams_overrun);
  family("rearview_http_stream_pieces_sent_total", "counter",
         "Pictures and events sent on streams.");
  value(http.stream_pieces_sent);
  family("rearview_http_pictures_replaced_total", "counter",
         "Pictures a slow viewer was not sent because a newer one came.");
  value(http.stream_pieces_replaced);
  family("rearview_http_tls_handshakes_total", "counter", "TLS connections that came about.");
  value(http.tls_handshakes);
  family("rearview_http_tls_failures_total", "counter", "TLS handshakes that came to nothing.");
  value(http.tls_failures);
}

void MetricsPage::metrics(const std::vector<Metric>& list) {
  std::string_view told;
  for (const Metric& metric : list) {
    if (metric.family != told) family(metric.family, metric.type, metric.help);
    told = metric.family;
    std::string labels;
    for (const auto& [key, text] : metric.labels)
      labels += fmt::format("{}{}=\"{}\"", labels.empty() ? "" : ",", key, escaped_label(text));
    if (labels.empty())
      value(metric.value);
    else
      value(labels, metric.value);
  }
}

}  // namespace rearview

#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/now.h"
#include "http/responder.h"
#include "http/router.h"
#include "http/server.h"
#include "site/site_config.h"
#include "types/metric.h"

namespace rearview {

class Gate;

/// Runs the answer where it may wait for the disk, and responds with it.
using AnswerOnWorker = std::function<void(http::Responder, std::function<http::Response()>)>;

/// The server that the configuration asks for, with the headers that keep browsers from doing with
/// its answers what nobody meant. Throws UsageError where the certificate can't be used.
http::ServerConfig server_config(const SiteConfig& config, Now now = SteadyClock::now);

/// One file of a web page, built into the program (rearview_web() in cmake/targets.cmake).
struct WebFile {
  std::string_view name;
  std::string_view content_type;
  std::string_view content;
  std::string_view etag;  ///< quotes included
};

/// Answers "/" with index.html and each other file by its name, to anybody. The page loads nothing
/// from elsewhere and runs no script but its own. files must outlive the router.
void add_page(http::Router& router, Gate& gate, const std::vector<WebFile>& files);

/// Where there is a certificate: until when.
std::vector<Metric> certificate_metrics(WallTime expires);

}  // namespace rearview

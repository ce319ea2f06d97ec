#include "serve/archive_routes.h"

#include <fmt/core.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "fit/ride_fit.h"
#include "http/site_check.h"
#include "serve/answer.h"
#include "serve/query.h"
#include "types/json.h"

namespace rearview {
namespace {

using http::HttpError;
using http::Request;
using http::Responder;
using http::Response;

std::uint64_t id_of(const Request& request) {
  only_these(request, {});
  return number_or_400("the id", request.param("id"), 1, kMostId);
}

HttpError no_alert(std::uint64_t id) {
  return {404, fmt::format("there is no alert {}", id)};
}

HttpError no_ride(std::uint64_t id) {
  return {404, fmt::format("there is no ride {}", id)};
}

template <typename List>
Response list_of(const List& found) {
  std::string list = "[";
  for (const auto& one : found) list += (list.size() > 1 ? "," : "") + message_of(one);
  return fresh_text(list + "]");
}

class ArchiveRoutes {
 public:
  ArchiveRoutes(EventArchive& archive, AnswerOnWorker on_worker, std::vector<std::string> origins)
      : archive_(archive), on_worker_(std::move(on_worker)), origins_(std::move(origins)) {}

  void alerts(const Request& request, Responder responder) const {
    answer(std::move(responder),
           [this, query = alert_query(request)] { return list_of(archive_.alerts(query)); });
  }
  void alert(const Request& request, Responder responder) const {
    answer(std::move(responder), [this, id = id_of(request)] { return alert_now(id); });
  }

  using FileOf = std::optional<std::filesystem::path> (EventArchive::*)(std::uint64_t) const;
  void file(const Request& request, Responder responder, FileOf file_of, const char* what,
            const char* content_type) const {
    answer(std::move(responder), [this, id = id_of(request), file_of, what, content_type] {
      const auto path = (archive_.*file_of)(id);
      if (!path && !archive_.alert(id)) throw no_alert(id);
      if (!path) throw HttpError(404, fmt::format("alert {} has no {}", id, what));
      // It never changes, but it may be deleted.
      return http::file(*path, content_type).header("Cache-Control", "no-cache");
    });
  }

  void lock(const Request& request, Responder responder, bool locked) const {
    http::refuse_other_sites(request, origins_);
    answer(std::move(responder), [this, id = id_of(request), locked] {
      if (archive_.set_locked(id, locked) == Change::unknown) throw no_alert(id);
      return alert_now(id);
    });
  }
  void remove(const Request& request, Responder responder) const {
    http::refuse_other_sites(request, origins_);
    answer(std::move(responder), [this, id = id_of(request)] {
      switch (archive_.remove(id)) {
        case Change::unknown:
          throw no_alert(id);
        case Change::locked:
          throw HttpError(409, fmt::format("alert {} is locked; unlock it first", id));
        case Change::open:
          throw HttpError(409,
                          fmt::format("the clip of alert {} is still being recorded; try again "
                                      "in some seconds",
                                      id));
        case Change::done:
          break;
      }
      Response response;
      response.status = 204;
      return response;
    });
  }

  void rides(const Request& request, Responder responder) const {
    only_these(request, {"after", "limit"});
    RideQuery query;
    page_of(request, query.after, query.limit);
    answer(std::move(responder), [this, query] { return list_of(archive_.rides(query)); });
  }
  void ride(const Request& request, Responder responder) const {
    answer(std::move(responder), [this, id = id_of(request)] {
      const auto ride = archive_.ride(id);
      if (!ride) throw no_ride(id);
      return fresh_json(to_json(*ride));
    });
  }
  void remove_ride(const Request& request, Responder responder) const {
    http::refuse_other_sites(request, origins_);
    answer(std::move(responder), [this, id = id_of(request)] {
      const RideChange refused = archive_.remove_ride(id);
      switch (refused.change) {
        case Change::unknown:
          throw no_ride(id);
        case Change::locked:
          throw HttpError(409, fmt::format("ride {} holds {} locked {}; unlock {} first", id,
                                           refused.locked, refused.locked == 1 ? "alert" : "alerts",
                                           refused.locked == 1 ? "it" : "them"));
        case Change::open:
          throw HttpError(
              409, fmt::format("ride {} is still going on; delete it when it has ended", id));
        case Change::done:
          break;
      }
      Response response;
      response.status = 204;
      return response;
    });
  }
  void ride_file(const Request& request, Responder responder) const {
    answer(std::move(responder), [this, id = id_of(request)] {
      const auto ride = archive_.ride(id);
      if (!ride) throw no_ride(id);
      Response file =
          http::bytes(std::make_shared<const std::string>(ride_fit(ride_record(archive_, *ride))),
                      "application/vnd.ant.fit");
      file.header("Content-Disposition", fmt::format("attachment; filename=\"ride-{}.fit\"", id));
      return file.header("Cache-Control", "no-store");  // it may go on
    });
  }
  void passes(const Request& request, Responder responder) const {
    only_these(request, {"after", "limit", "ride"});
    PassQuery query;
    page_of(request, query.after, query.limit);
    if (const auto ride = request.query_value("ride"))
      query.ride = number_or_400("ride", *ride, 1, kMostId);
    answer(std::move(responder), [this, query] { return list_of(archive_.passes(query)); });
  }

 private:
  static void page_of(const Request& request, std::uint64_t& after, std::size_t& limit) {
    if (const auto value = request.query_value("after"))
      after = number_or_400("after", *value, 0, kMostId);
    if (const auto value = request.query_value("limit"))
      limit = number_or_400("limit", *value, 1, 1000);
  }

  Response alert_now(std::uint64_t id) const {
    const auto alert = archive_.alert(id);
    if (!alert) throw no_alert(id);
    return fresh_text(message_of(*alert));
  }

  template <typename Make>
  void answer(Responder responder, Make make) const {
    on_worker_(std::move(responder), [make = std::move(make)]() -> Response {
      try {
        return make();
      } catch (const HttpError&) {
        throw;
      } catch (const std::exception& e) {
        throw HttpError(503, fmt::format("the store can't do this now: {}", e.what()));
      }
    });
  }

  EventArchive& archive_;
  const AnswerOnWorker on_worker_;
  const std::vector<std::string> origins_;
};

}  // namespace

void add_archive_routes(http::Router& router, EventArchive& archive, AnswerOnWorker on_worker,
                        std::vector<std::string> origins) {
  const auto routes =
      std::make_shared<const ArchiveRoutes>(archive, std::move(on_worker), std::move(origins));
  const auto to = [&routes](void (ArchiveRoutes::*method)(const Request&, Responder) const) {
    return [routes, method](const Request& request, Responder responder) {
      ((*routes).*method)(request, std::move(responder));
    };
  };
  router.get("/api/v1/alerts", to(&ArchiveRoutes::alerts));
  router.get("/api/v1/alerts/{id}", to(&ArchiveRoutes::alert));
  router.add("DELETE", "/api/v1/alerts/{id}", to(&ArchiveRoutes::remove));
  struct File {
    const char* name;
    ArchiveRoutes::FileOf file_of;
    const char* what;
    const char* content_type;
  };
  for (const File& file : {File{"snapshot.jpg", &EventArchive::snapshot, "snapshot", "image/jpeg"},
                           File{"clip.mp4", &EventArchive::clip, "clip", "video/mp4"},
                           File{"tracks.json", &EventArchive::tracks, "clip", "application/json"}})
    router.get(fmt::format("/api/v1/alerts/{{id}}/{}", file.name),
               [routes, file](const Request& request, Responder responder) {
                 routes->file(request, std::move(responder), file.file_of, file.what,
                              file.content_type);
               });
  for (const bool locked : {true, false})
    router.add(locked ? "PUT" : "DELETE", "/api/v1/alerts/{id}/lock",
               [routes, locked](const Request& request, Responder responder) {
                 routes->lock(request, std::move(responder), locked);
               });
  router.get("/api/v1/rides", to(&ArchiveRoutes::rides));
  router.get("/api/v1/rides/{id}", to(&ArchiveRoutes::ride));
  router.add("DELETE", "/api/v1/rides/{id}", to(&ArchiveRoutes::remove_ride));
  router.get("/api/v1/rides/{id}/ride.fit", to(&ArchiveRoutes::ride_file));
  router.get("/api/v1/passes", to(&ArchiveRoutes::passes));
}

}  // namespace rearview

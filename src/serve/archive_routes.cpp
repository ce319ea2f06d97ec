#include "serve/archive_routes.h"

#include <fmt/core.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "fit/ride_fit.h"
#include "http/site_check.h"
#include "site/answer.h"
#include "site/query.h"
#include "types/json.h"

namespace rearview {
namespace {

using http::HttpError;
using http::Request;
using http::Responder;
using http::Response;

constexpr std::size_t kMostCamera_bytes = 256;
constexpr std::size_t kMostNote_bytes = 280;

Response gone() {
  Response response;
  response.status = 204;
  return response;
}

std::uint64_t id_of(const Request& request) {
  only_these(request, {});
  return number_or_400("the id", request.param("id"), 1, kMostId);
}

/// The filters of GET /api/v1/alerts.
AlertQuery alert_query(const Request& request) {
  only_these(request, {"after", "limit", "camera", "kind"});
  AlertQuery query;
  if (const auto after = request.query_value("after"))
    query.after = number_or_400("after", *after, 0, kMostId);
  if (const auto limit = request.query_value("limit"))
    query.limit = number_or_400("limit", *limit, 1, 1000);
  if (const auto camera = request.query_value("camera")) query.camera = std::string(*camera);
  if (const auto kind = request.query_value("kind")) {
    query.kind = from_name<AlertKind>(*kind);
    if (!query.kind) throw HttpError(400, fmt::format("'{}' is no kind of alert", *kind));
  }
  return query;
}

HttpError no_alert(std::uint64_t id) {
  return {404, fmt::format("there is no alert {}", id)};
}

HttpError no_moment(std::uint64_t id) {
  return {404, fmt::format("there is no missed moment {}", id)};
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
  struct File {
    const char* name;
    FileOf file_of;
    const char* what;
    const char* content_type;
    bool of_alert = true;  ///< false: of a missed moment
  };
  void file(const Request& request, Responder responder, const File& file) const {
    answer(std::move(responder), [this, id = id_of(request), file] {
      const auto path = (archive_.*file.file_of)(id);
      if (!path) {
        if (file.of_alert ? !archive_.alert(id) : !moment(id))
          throw file.of_alert ? no_alert(id) : no_moment(id);
        throw HttpError(404, fmt::format("{} {} has no {}",
                                         file.of_alert ? "alert" : "missed moment", id, file.what));
      }
      // It never changes, but it may be deleted.
      return http::file(*path, file.content_type).header("Cache-Control", "no-cache");
    });
  }

  void lock(const Request& request, Responder responder, bool locked) const {
    http::refuse_other_sites(request, origins_);
    answer(std::move(responder), [this, id = id_of(request), locked] {
      if (archive_.set_locked(id, locked) == Change::unknown) throw no_alert(id);
      return alert_now(id);
    });
  }
  void mark(const Request& request, Responder responder) const {
    http::refuse_other_sites(request, origins_);
    const std::string text = text_or_400(body_of(request), "mark", 16);
    const auto mark = from_name<Mark>(text);
    if (!mark)
      throw HttpError(400, fmt::format("\"{}\" is no mark: right, wrong and late are", text));
    set_mark(request, std::move(responder), mark);
  }
  void unmark(const Request& request, Responder responder) const {
    http::refuse_other_sites(request, origins_);
    set_mark(request, std::move(responder), std::nullopt);
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
      return gone();
    });
  }

  void missed(const Request& request, Responder responder) const {
    only_these(request, {"after", "limit", "ride"});
    MissedQuery query;
    page_of(request, query.after, query.limit);
    query.ride = ride_of(request);
    answer(std::move(responder), [this, query] { return list_of(archive_.missed(query)); });
  }
  void missed_moment(const Request& request, Responder responder) const {
    answer(std::move(responder), [this, id = id_of(request)] {
      const auto found = moment(id);
      if (!found) throw no_moment(id);
      return fresh_json(to_json(*found));
    });
  }
  void add_missed(const Request& request, Responder responder) const {
    http::refuse_other_sites(request, origins_);
    only_these(request, {});
    const nlohmann::json body = body_of(request);
    Missed wanted;
    wanted.camera = text_or_400(body, "camera", kMostCamera_bytes);
    if (body.contains("note")) wanted.note = text_or_400(body, "note", kMostNote_bytes);
    const WallTime now = WallClock::now();
    wanted.time = now;
    if (body.contains("time")) {
      const std::string text = text_or_400(body, "time", 64);
      const auto time = parse_rfc3339(text);
      if (!time || *time > now)
        throw HttpError(400, fmt::format("\"{}\" is no time up to now, as {}", text, rfc3339(now)));
      wanted.time = *time;
    }
    answer(std::move(responder), [this, wanted] {
      const auto made = archive_.add_missed(wanted);
      if (!made)
        throw HttpError(409, fmt::format("camera '{}' was on no ride at {}", wanted.camera,
                                         rfc3339(wanted.time)));
      return fresh_json(to_json(*made), 201);
    });
  }
  void remove_missed(const Request& request, Responder responder) const {
    http::refuse_other_sites(request, origins_);
    answer(std::move(responder), [this, id = id_of(request)] {
      const Change change = archive_.remove_missed(id);
      if (change == Change::unknown) throw no_moment(id);
      if (change == Change::open)
        throw HttpError(409, fmt::format("the clip of missed moment {} is still being recorded; "
                                         "try again in some seconds",
                                         id));
      return gone();
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
      return gone();
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
    query.ride = ride_of(request);
    answer(std::move(responder), [this, query] { return list_of(archive_.passes(query)); });
  }

 private:
  static void page_of(const Request& request, std::uint64_t& after, std::size_t& limit) {
    if (const auto value = request.query_value("after"))
      after = number_or_400("after", *value, 0, kMostId);
    if (const auto value = request.query_value("limit"))
      limit = number_or_400("limit", *value, 1, 1000);
  }

  static std::optional<std::uint64_t> ride_of(const Request& request) {
    const auto ride = request.query_value("ride");
    return ride ? std::optional(number_or_400("ride", *ride, 1, kMostId)) : std::nullopt;
  }

  std::optional<Missed> moment(std::uint64_t id) const {
    const auto found = archive_.missed({.after = id - 1, .limit = 1});
    return found.empty() || found.front().id != id ? std::nullopt : std::optional(found.front());
  }

  void set_mark(const Request& request, Responder responder, std::optional<Mark> mark) const {
    answer(std::move(responder), [this, id = id_of(request), mark] {
      const auto alert = archive_.alert(id);
      if (alert && !alert->vehicle())
        throw HttpError(409, fmt::format("alert {} is of no vehicle: only what tells of one can be "
                                         "right, wrong or late",
                                         id));
      if (archive_.set_mark(id, mark) == Change::unknown) throw no_alert(id);
      return alert_now(id);
    });
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
  using File = ArchiveRoutes::File;
  for (const File& file :
       {File{"alerts/{id}/snapshot.jpg", &EventArchive::snapshot, "snapshot", "image/jpeg"},
        File{"alerts/{id}/clip.mp4", &EventArchive::clip, "clip", "video/mp4"},
        File{"alerts/{id}/tracks.json", &EventArchive::tracks, "clip", "application/json"},
        File{"missed/{id}/clip.mp4", &EventArchive::missed_clip, "clip", "video/mp4", false},
        File{"missed/{id}/tracks.json", &EventArchive::missed_tracks, "clip", "application/json",
             false}})
    router.get(fmt::format("/api/v1/{}", file.name),
               [routes, file](const Request& request, Responder responder) {
                 routes->file(request, std::move(responder), file);
               });
  for (const bool locked : {true, false})
    router.add(locked ? "PUT" : "DELETE", "/api/v1/alerts/{id}/lock",
               [routes, locked](const Request& request, Responder responder) {
                 routes->lock(request, std::move(responder), locked);
               });
  router.add("PUT", "/api/v1/alerts/{id}/mark", to(&ArchiveRoutes::mark));
  router.add("DELETE", "/api/v1/alerts/{id}/mark", to(&ArchiveRoutes::unmark));
  router.get("/api/v1/missed", to(&ArchiveRoutes::missed));
  router.add("POST", "/api/v1/missed", to(&ArchiveRoutes::add_missed));
  router.get("/api/v1/missed/{id}", to(&ArchiveRoutes::missed_moment));
  router.add("DELETE", "/api/v1/missed/{id}", to(&ArchiveRoutes::remove_missed));
  router.get("/api/v1/rides", to(&ArchiveRoutes::rides));
  router.get("/api/v1/rides/{id}", to(&ArchiveRoutes::ride));
  router.add("DELETE", "/api/v1/rides/{id}", to(&ArchiveRoutes::remove_ride));
  router.get("/api/v1/rides/{id}/ride.fit", to(&ArchiveRoutes::ride_file));
  router.get("/api/v1/passes", to(&ArchiveRoutes::passes));
}

}  // namespace rearview

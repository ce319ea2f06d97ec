#include "serve/event_hub.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "base/log.h"
#include "serve/status_json.h"
#include "types/camera_status.h"
#include "types/json.h"
#include "types/message_fields.h"

namespace rearview {
namespace {

constexpr std::size_t kHistoryPage = 200;
/// A subscriber that misses the alerts of so many is closed: what it reads anew is up to date.
constexpr std::size_t kMostUpdates = 1000;

/// id: of an alert; 0 for what isn't resumable.
EventText make_text(std::string_view kind, std::uint64_t id, std::string json) {
  std::string event = id > 0 ? fmt::format("id: {}\n", id) : std::string();
  event += fmt::format("event: {}\ndata: {}\n\n", kind, json);
  return {std::make_shared<const std::string>(std::move(event)),
          std::make_shared<const std::string>(std::move(json))};
}

EventText alert_text(const KeptAlert& alert) {
  return make_text("alert", alert.id, message_of(alert));
}

}  // namespace

EventHub::EventHub(http::IoLoop& loop, const AlertHistory& history, Now now)
    : loop_(loop),
      history_(history),
      now_(std::move(now)),
      newest_(kMostCameras),
      fresh_(kMostCameras),
      formatted_(kMostCameras),
      order_(history.newest_id()) {}

void EventHub::publish(std::size_t camera, AnalysisPtr analysis) {
  {
    const MutexLock lock(mutex_);
    const AnalysisPtr& before = newest_.at(camera).analysis;
    judged_anew_ |= !before || before->road != analysis->road || before->state != analysis->state ||
                    greatest_threat(*before) != greatest_threat(*analysis);
    newest_[camera] = {std::move(analysis), now_()};
    fresh_[camera] = true;
    if (std::exchange(delivery_posted_, true)) return;
  }
  loop_.post([this] { deliver_analyses(); });
}

void EventHub::publish(const AlertPtr& alert) {
  loop_.post(
      [this, id = alert->id, text = alert_text(*alert)] { take(order_.published(id, text)); });
}

void EventHub::publish(const AlertUpdate& update) {
  loop_.post([this, id = update.id, text = make_text("alert_update", 0, message_of(update))] {
    const auto all = subscribers_;
    for (const auto& [stream, subscriber] : all) {
      subscriber->updates.insert_or_assign(id, text);
      if (!subscriber->catching_up) send_updates(*subscriber);
      if (subscriber->updates.size() > kMostUpdates) subscriber->stream->close();
    }
  });
}

void EventHub::publish(const MissedUpdate& update) {
  loop_.post([this, json = message_of(update)] { broadcast(kType<MissedUpdate>, json); });
}

EventHub::Newest EventHub::newest(std::size_t camera) const {
  const MutexLock lock(mutex_);
  return newest_.at(camera);
}

void EventHub::deliver_analyses() {
  std::vector<bool> fresh;
  bool judged_anew = false;
  {
    const MutexLock lock(mutex_);
    fresh.assign(fresh_.size(), false);
    fresh.swap(fresh_);
    judged_anew = std::exchange(judged_anew_, false);
    delivery_posted_ = false;
  }
  const auto all = subscribers_;
  for (const auto& [stream, subscriber] : all) {
    if (!subscriber->analysis) continue;
    for (std::size_t camera = 0; camera < fresh.size(); ++camera) {
      if (!fresh[camera]) continue;
      if (subscriber->owed[camera]) ++analyses_skipped_;
      subscriber->owed[camera] = true;
    }
    if (subscriber->stream->idle()) pay(*subscriber);
  }
  if (judged_anew && changed_) changed_();
}

void EventHub::forget(std::size_t camera) {
  {
    const MutexLock lock(mutex_);
    newest_.at(camera) = {};
    fresh_[camera] = false;
  }
  formatted_[camera] = {};
  for (const auto& [stream, subscriber] : subscribers_) {
    subscriber->owed[camera] = false;
    subscriber->sent[camera] = nullptr;
  }
}

void EventHub::pay(Subscriber& subscriber) {
  for (std::size_t camera = 0; camera < subscriber.owed.size(); ++camera) {
    if (!subscriber.owed[camera]) continue;
    subscriber.owed[camera] = false;
    const EventText& text = analysis_text(camera);
    // What was published while the one before it was delivered may have gone out in its place.
    if (std::exchange(subscriber.sent[camera], formatted_[camera].of) == formatted_[camera].of)
      continue;
    if (!subscriber.send(text)) return;
  }
}

void EventHub::send_updates(Subscriber& subscriber) {
  auto& updates = subscriber.updates;
  while (!updates.empty() && updates.begin()->first <= subscriber.sent_id) {
    const auto update = updates.extract(updates.begin());
    if (!subscriber.send(update.mapped())) return;
  }
}

const EventText& EventHub::analysis_text(std::size_t camera) {
  Formatted& formatted = formatted_[camera];
  AnalysisPtr analysis = newest(camera).analysis;
  if (formatted.of != analysis) {
    formatted.text = make_text("analysis", 0, message_of(*analysis));
    formatted.of = std::move(analysis);
  }
  return formatted.text;
}

void EventHub::take(const AlertOrder::Step& step) {
  const auto all = subscribers_;  // a subscriber that falls behind leaves while we send
  for (const auto& [id, text] : step.ready) {
    ++alerts_;
    for (const auto& [stream, subscriber] : all) {
      if (subscriber->catching_up || subscriber->sent_id >= id) continue;
      subscriber->sent_id = id;
      subscriber->send(text);
      send_updates(*subscriber);
    }
  }
  for (const auto& [id, text] : step.late) {
    log::warning("serve", "an alert came after later ones", {{"id", id}});
    for (const auto& [stream, subscriber] : all) {
      if (!subscriber->catching_up) subscriber->send(text);
    }
  }
  if (!step.ask_history) return;
  const auto fill = [this](const Page& found) {
    const bool whole = !found || found->size() < kHistoryPage;
    take(order_.filled(found.value_or(std::vector<AlertOrder::Numbered>()), whole));
  };
  if (!read_history(order_.tail(), fill)) fill(std::nullopt);
}

bool EventHub::read_history(std::uint64_t after, std::function<void(Page)> then) {
  return server_->on_worker([this, after, then = std::move(then)] {
    Page found;
    try {
      found.emplace();
      AlertQuery query;
      query.after = after;
      query.limit = kHistoryPage;
      for (const KeptAlert& alert : history_.alerts(query))
        found->emplace_back(alert.id, alert_text(alert));
    } catch (const std::exception& error) {
      log::error("serve", "the alert history can't be read", {{"error", error.what()}});
      found.reset();
    }
    loop_.post([then, found = std::move(found)] { then(found); });
  });
}

http::Response EventHub::subscribe_events(const Wish& wish) {
  http::Response response = http::stream(
      "text/event-stream",
      [this, wish](const std::shared_ptr<http::Stream>& stream) { add(stream, wish, false); },
      "retry: 1000\n\n");
  response.header("Cache-Control", "no-store").header("X-Accel-Buffering", "no");
  return response;
}

http::Response EventHub::subscribe_web_socket(const Wish& wish) {
  return http::web_socket(
      [this, wish](const std::shared_ptr<http::Stream>& stream) { add(stream, wish, true); });
}

void EventHub::add(const std::shared_ptr<http::Stream>& stream, const Wish& wish, bool web_socket) {
  const auto subscriber = std::make_shared<Subscriber>();
  subscriber->stream = stream;
  subscriber->web_socket = web_socket;
  subscriber->analysis = wish.analysis;
  subscriber->owed.assign(formatted_.size(), false);
  subscriber->sent.resize(formatted_.size());
  subscriber->sent_id = order_.tail();
  subscribers_.emplace(stream.get(), subscriber);
  stream->on_closed([this, raw = stream.get()] { subscribers_.erase(raw); });
  stream->on_idle([this, weak = std::weak_ptr(subscriber)] {
    if (const auto strong = weak.lock()) became_idle(strong);
  });
  // An id from the future is one of another data base: only what is new makes sense then.
  if (wish.after && *wish.after < order_.tail()) {
    subscriber->sent_id = *wish.after;
    subscriber->catching_up = true;
    catch_up(subscriber);
  }
  if (!wish.analysis) return;
  for (std::size_t camera = 0; camera < formatted_.size(); ++camera)
    subscriber->owed[camera] = newest(camera).analysis != nullptr;
  if (stream->idle()) pay(*subscriber);
}

void EventHub::broadcast(std::string_view kind, const std::string& json) {
  const EventText text = make_text(kind, 0, json);
  const auto all = subscribers_;
  for (const auto& [stream, subscriber] : all) subscriber->send(text);
}

void EventHub::comment() {
  const auto text = std::make_shared<const std::string>(": alive\n\n");
  const auto all = subscribers_;
  for (const auto& [stream, subscriber] : all) {
    if (!subscriber->web_socket) subscriber->stream->send(text);
  }
}

void EventHub::became_idle(const SubscriberPtr& subscriber) {
  if (!subscriber->stream->open()) return;
  if (std::exchange(subscriber->page_due, false)) catch_up(subscriber);
  pay(*subscriber);
}

void EventHub::catch_up(const SubscriberPtr& subscriber) {
  subscriber->read_at = order_.tail();
  const bool started = read_history(
      subscriber->sent_id, [this, subscriber](const Page& page) { caught(subscriber, page); });
  // It will come again, with the id it has.
  if (!started) subscriber->stream->close();
}

void EventHub::caught(const SubscriberPtr& subscriber, const Page& page) {
  if (!page) {  // it will come again, with the id it has
    subscriber->stream->close();
    return;
  }
  const auto send = [&](const AlertOrder::Numbered& alert) {
    if (alert.first <= subscriber->sent_id) return true;
    subscriber->sent_id = alert.first;
    return subscriber->send(alert.second);
  };
  for (const auto& alert : *page) {
    if (!send(alert)) return;
  }
  if (page->size() >= kHistoryPage || !order_.remembers_all_after(subscriber->read_at)) {
    subscriber->page_due = true;
    if (subscriber->stream->idle()) became_idle(subscriber);
    return;
  }
  // The history holds all that was sent when it was asked; what was sent since is still here.
  for (const auto& alert : order_.recent()) {
    if (!send(alert)) return;
  }
  subscriber->catching_up = false;
  send_updates(*subscriber);
}

}  // namespace rearview

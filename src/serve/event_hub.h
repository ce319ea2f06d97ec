#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/now.h"
#include "http/server.h"
#include "http/stream.h"
#include "serve/alert_order.h"
#include "serve/event_text.h"
#include "types/analysis.h"
#include "types/event_archive.h"

namespace rearview {

/// Subscribers, by Server-Sent Events or WebSocket. Alerts reach each subscriber complete and in
/// order: from the history until it has caught up, live from then on, without a gap between.
/// Analyses are newest-wins. I/O thread, where not said otherwise.
class EventHub {
 public:
  /// now: by which analyses grow old.
  EventHub(http::IoLoop& loop, const AlertHistory& history, Now now);
  /// Before the first request.
  void set_server(http::Server* server) { server_ = server; }

  /// Any thread.
  void publish(std::size_t camera, AnalysisPtr analysis);
  /// Any thread.
  void publish(const AlertPtr& alert);
  /// Any thread. Reaches each subscriber behind the alert itself.
  void publish(const AlertUpdate& update);
  /// Any thread. To those who are connected.
  void publish(const MissedUpdate& update);

  struct Wish {
    std::optional<std::uint64_t> after;  ///< alerts after this id first; without: new ones only
    bool analysis = false;
  };
  /// Called on the I/O thread when an analysis judges the road otherwise than the one before it.
  void on_change(std::function<void()> handler) { changed_ = std::move(handler); }

  http::Response subscribe_events(const Wish& wish);
  http::Response subscribe_web_socket(const Wish& wish);

  /// The camera has gone.
  void forget(std::size_t camera);

  /// Sends to all. json: one message.
  void broadcast(std::string_view kind, const std::string& json);
  /// A comment for those with Server-Sent Events.
  void comment();

  struct Newest {
    AnalysisPtr analysis;  ///< null before the first
    SteadyTime time;       ///< of its publishing
  };
  /// Any thread.
  Newest newest(std::size_t camera) const;

  /// The greatest id sent so far.
  std::uint64_t newest_alert_id() const { return order_.tail(); }
  std::size_t subscribers() const { return subscribers_.size(); }
  std::uint64_t alerts() const { return alerts_; }
  std::uint64_t analyses_skipped() const { return analyses_skipped_; }

 private:
  struct Subscriber {
    bool send(const EventText& text) const {
      return stream->send(web_socket ? text.message : text.event);
    }

    std::shared_ptr<http::Stream> stream;
    bool web_socket = false;
    std::uint64_t sent_id = 0;  ///< everything up to it was sent
    bool catching_up = false;
    std::uint64_t read_at = 0;  ///< the greatest id sent when the page was asked for
    bool page_due = false;      ///< the next page of history is read when the last has been sent
    bool analysis = false;
    std::vector<bool> owed;         ///< by place: its newest analysis has not been sent
    std::vector<AnalysisPtr> sent;  ///< by place, the last
    /// Newest updates of alerts that it has yet to be sent, by id.
    std::map<std::uint64_t, EventText> updates;
  };
  using SubscriberPtr = std::shared_ptr<Subscriber>;

  void add(const std::shared_ptr<http::Stream>& stream, const Wish& wish, bool web_socket);
  void deliver_analyses();
  void pay(Subscriber& subscriber);
  void send_updates(Subscriber& subscriber);
  const EventText& analysis_text(std::size_t camera);
  void take(const AlertOrder::Step& step);
  void catch_up(const SubscriberPtr& subscriber);
  using Page = std::optional<std::vector<AlertOrder::Numbered>>;
  void caught(const SubscriberPtr& subscriber, const Page& page);
  void became_idle(const SubscriberPtr& subscriber);
  /// Reads what follows id on a worker and calls then on the I/O thread, with nullopt when that
  /// failed; false when the workers have no room.
  bool read_history(std::uint64_t after, std::function<void(Page)> then);

  http::IoLoop& loop_;
  const AlertHistory& history_;
  const Now now_;
  http::Server* server_ = nullptr;

  mutable Mutex mutex_;
  std::vector<Newest> newest_ GUARDED_BY(mutex_);  ///< by place
  std::vector<bool> fresh_ GUARDED_BY(mutex_);     ///< by place: not yet delivered
  bool delivery_posted_ GUARDED_BY(mutex_) = false;
  bool judged_anew_ GUARDED_BY(mutex_) = false;  ///< changed_ is due

  struct Formatted {
    AnalysisPtr of;
    EventText text;
  };
  std::function<void()> changed_;
  std::vector<Formatted> formatted_;  ///< by place, the newest in words
  AlertOrder order_;
  std::unordered_map<http::Stream*, SubscriberPtr> subscribers_;
  std::uint64_t alerts_ = 0;
  std::uint64_t analyses_skipped_ = 0;
};

}  // namespace rearview

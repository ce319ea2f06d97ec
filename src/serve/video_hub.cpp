#include "serve/video_hub.h"

#include <bit>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "types/json.h"

namespace rearview {
namespace {

/// What waits longer is history: the viewer goes on with the next IDR.
constexpr std::chrono::seconds kMostBehind{1};
/// Pictures older than this are not shown to a new viewer as the present.
constexpr std::chrono::seconds kFresh{1};

enum class Kind : std::uint8_t { access_unit = 1, analysis = 2 };
constexpr std::size_t kHeaderBytes = 24;

void put_little_endian(std::string& text, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> 8 * i & 255);
}

/// Kind, flags (1: decoding can begin here), two bytes of nothing, epoch, number and time of the
/// picture; all little-endian.
http::Bytes make_message(Kind kind, bool begins, std::uint32_t epoch, std::uint64_t seq, double t_s,
                         std::string_view body) {
  auto message = std::make_shared<std::string>();
  message->reserve(kHeaderBytes + body.size());
  put_little_endian(*message, static_cast<std::uint8_t>(kind), 1);
  put_little_endian(*message, begins ? 1 : 0, 3);
  put_little_endian(*message, epoch, 4);
  put_little_endian(*message, seq, 8);
  put_little_endian(*message, std::bit_cast<std::uint64_t>(t_s), 8);
  *message += body;
  return message;
}

}  // namespace

VideoHub::VideoHub(http::IoLoop& loop, std::size_t most_bytes, Now now)
    : loop_(loop), most_bytes_(most_bytes), now_(std::move(now)) {}

void VideoHub::publish(const LiveAccessUnit& unit) {
  Piece piece;
  piece.epoch = unit.epoch;
  piece.begins = unit.idr && unit.has_parameter_sets;
  std::string_view body(reinterpret_cast<const char*>(unit.bytes.data()), unit.bytes.size());
  piece.message =
      make_message(Kind::access_unit, piece.begins, unit.epoch, unit.seq, unit.t_s, body);
  const std::size_t bytes = piece.message->size();
  add(std::move(piece), bytes);
}

void VideoHub::publish(AnalysisPtr analysis) {
  if (watched_.load(std::memory_order_relaxed) == 0) return;
  Piece piece;
  piece.analysis = std::move(analysis);
  add(std::move(piece), sizeof(Analysis));
}

void VideoHub::add(Piece piece, std::size_t bytes) {
  {
    const MutexLock lock(mutex_);
    incoming_bytes_ += bytes;
    if (incoming_bytes_ > 2 * most_bytes_) {  // the I/O thread is busy with something else
      incoming_.clear();
      incoming_bytes_ = 0;
      gap_ = true;
      return;
    }
    incoming_.push_back(std::move(piece));
    if (incoming_.size() > 1) return;  // its delivery is on the way already
  }
  loop_.post([this] { deliver(); });
}

void VideoHub::deliver() {
  std::vector<Piece> pieces;
  bool gap = false;
  {
    const MutexLock lock(mutex_);
    pieces.swap(incoming_);
    incoming_bytes_ = 0;
    gap = std::exchange(gap_, false);
  }
  if (gap) interrupt();
  for (const Piece& piece : pieces) {
    if (piece.message && std::exchange(epoch_, piece.epoch) != piece.epoch) interrupt();
    if (piece.message) remember(piece);
    if (viewers_.empty()) continue;
    const http::Bytes message =
        piece.message
            ? piece.message
            : make_message(Kind::analysis, false, piece.analysis->epoch, piece.analysis->seq,
                           piece.analysis->t_s, message_of(*piece.analysis));
    for (auto& [stream, viewer] : viewers_)
      give(viewer, message, piece.message != nullptr, piece.begins);
  }
}

void VideoHub::interrupt() {
  group_.clear();
  for (auto& [stream, viewer] : viewers_) {
    viewer.behind |= viewer.decoding;
    viewer.decoding = false;
  }
}

void VideoHub::remember(const Piece& piece) {
  newest_ = now_();
  if (piece.begins) {
    group_.clear();
    group_bytes_ = 0;
  } else if (group_.empty()) {
    return;
  }
  group_.push_back(piece.message);
  group_bytes_ += piece.message->size();
  if (group_bytes_ > most_bytes_) group_.clear();
}

void VideoHub::give(Viewer& viewer, const http::Bytes& message, bool unit, bool begins) {
  if (begins) {
    viewer.decoding = true;
    viewer.behind = false;
  }
  if (!viewer.decoding) {
    if (unit && viewer.behind) ++skipped_;
    return;
  }
  const SteadyTime now = now_();
  viewer.waiting.push_back({message, unit, now});
  viewer.waiting_bytes += message->size();
  if (viewer.waiting_bytes > most_bytes_ || now - viewer.waiting.front().since > kMostBehind) {
    for (const Waiting& waiting : viewer.waiting) skipped_ += waiting.unit ? 1 : 0;
    viewer.waiting.clear();
    viewer.waiting_bytes = 0;
    viewer.decoding = false;
    viewer.behind = true;
  }
  pump(viewer);
}

void VideoHub::pump(Viewer& viewer) {
  if (viewer.waiting.empty() || !viewer.stream->idle()) return;
  const http::Bytes next = viewer.waiting.front().message;
  viewer.waiting.pop_front();
  viewer.waiting_bytes -= next->size();
  viewer.stream->send(next);
}

void VideoHub::end() {
  {
    const MutexLock lock(mutex_);
    incoming_.clear();
    incoming_bytes_ = 0;
    gap_ = false;
  }
  interrupt();
  epoch_ = 0;
  skipped_ = 0;
  std::vector<std::shared_ptr<http::Stream>> streams;  // who closes leaves viewers_
  for (const auto& [key, viewer] : viewers_) streams.push_back(viewer.stream);
  for (const auto& stream : streams) stream->close();
}

http::Response VideoHub::watch() {
  return http::web_socket(
      [this](const std::shared_ptr<http::Stream>& stream) {
        http::Stream* const key = stream.get();
        Viewer& viewer = viewers_[key];
        viewer.stream = stream;
        watched_.store(viewers_.size(), std::memory_order_relaxed);
        stream->on_closed([this, key] {
          viewers_.erase(key);
          watched_.store(viewers_.size(), std::memory_order_relaxed);
        });
        stream->on_idle([this, key] {
          if (const auto found = viewers_.find(key); found != viewers_.end()) pump(found->second);
        });
        if (now_() - newest_ > kFresh) return;
        for (const http::Bytes& message : group_)
          give(viewer, message, true, message == group_.front());
      },
      http::Messages::binary);
}

}  // namespace rearview

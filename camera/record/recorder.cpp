#include "camera/record/recorder.h"

#include <fmt/core.h>

#include <cerrno>
#include <exception>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "h264/annexb_splitter.h"
#include "h264/sps.h"

namespace rearview::camera {
namespace {

// What may wait while the disk is busy: some ten seconds of our stream.
constexpr std::size_t kMostWaiting = std::size_t{16} << 20;
constexpr std::chrono::seconds kLimitsPeriod{2};
constexpr std::chrono::milliseconds kLookPeriod{500};
// A disk that takes longer for one picture hangs.
constexpr double kHangs_s = 2;
// How long after a failure it is tried again.
constexpr std::chrono::seconds kRetryPeriod{1};

std::vector<std::uint8_t> parameter_sets_of(std::span<const std::uint8_t> picture) {
  std::vector<std::uint8_t> sets;
  h264::AnnexBSplitter splitter;
  const auto take = [&](const h264::NalUnit& nal) {
    if (nal.type() == h264::NalType::sps || nal.type() == h264::NalType::pps)
      sets.insert(sets.end(), nal.bytes.begin(), nal.bytes.end());
  };
  splitter.push(picture, take);
  splitter.flush(take);
  return sets;
}

MkvWriter::Video video_of(const std::vector<std::uint8_t>& parameter_sets) {
  MkvWriter::Video video;
  h264::AnnexBSplitter splitter;
  const auto look = [&](const h264::NalUnit& nal) {
    if (nal.type() != h264::NalType::sps) return;
    if (const auto sps = h264::parse_sps(nal.body())) {
      video.width_px = sps->width_px;
      video.height_px = sps->height_px;
    }
  };
  splitter.push(parameter_sets, look);
  splitter.flush(look);
  if (video.width_px == 0) throw std::runtime_error("the stream's SPS can't be read");
  video.parameter_sets = parameter_sets;
  return video;
}

std::int64_t whole_ms(SteadyTime from, SteadyTime to) {
  return std::chrono::round<std::chrono::milliseconds>(to - from).count();
}

}  // namespace

Recorder::Recorder(const RecordConfig& config, Recordings& recordings, Worker::Failure failure,
                   std::function<void()> chunk_done)
    : config_(config), recordings_(recordings), chunk_done_(std::move(chunk_done)) {
  status_.active = true;
  recordings_.remove_worthless();
  worker_.persist(
      "record", [this](std::stop_token stop) { run(std::move(stop)); }, std::move(failure));
}

Recorder::~Recorder() {
  worker_.stop();
}

void Recorder::publish(CodedPicturePtr picture) {
  {
    const MutexLock lock(mutex_);
    if (!status_.active) return;
    if (resumed_ && !picture->idr) return;  // a chunk can't begin in the middle of a GOP
    resumed_ = false;
    if (overrun_ && picture->idr && waiting_bytes_ < kMostWaiting / 2) overrun_ = false;
    if (waiting_bytes_ + picture->bytes.size() > kMostWaiting) overrun_ = true;
    if (overrun_) {
      ++status_.lost;
      return;
    }
    waiting_bytes_ += picture->bytes.size();
    waiting_.push_back(std::move(picture));
  }
  changed_.notify_one();
}

void Recorder::set_active(bool active) {
  {
    const MutexLock lock(mutex_);
    if (active && !status_.active) resumed_ = true;
    status_.active = active;
    if (!active) status_.problem.clear();
  }
  changed_.notify_one();
}

void Recorder::reconfigure(const RecordConfig& config) {
  const MutexLock lock(mutex_);
  new_config_ = config;
}

Recorder::Status Recorder::status() const {
  const MutexLock lock(mutex_);
  Status now = status_;
  if (busy_since_ && seconds_between(*busy_since_, SteadyClock::now()) > kHangs_s)
    now.problem = "the disk doesn't answer";
  return now;
}

void Recorder::run(std::stop_token stop) {
  MutexLock lock(mutex_);
  for (;;) {
    changed_.wait(lock, stop, [&]() REQUIRES(mutex_) {
      return !waiting_.empty() || (!status_.active && status_.recording);
    });
    if (waiting_.empty()) {
      const bool done = stop.stop_requested();
      busy_since_ = SteadyClock::now();
      lock.unlock();
      if (writer_) end_chunk();
      lock.lock();
      busy_since_.reset();
      if (done) return;
      continue;
    }
    const CodedPicturePtr picture = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= picture->bytes.size();
    if (new_config_) config_ = *std::exchange(new_config_, std::nullopt);
    busy_since_ = SteadyClock::now();
    lock.unlock();
    handle(picture);
    lock.lock();
    busy_since_.reset();
  }
}

void Recorder::handle(const CodedPicturePtr& picture) {
  const SteadyTime now = SteadyClock::now();
  try {
    if (picture->idr) {
      auto sets = parameter_sets_of(picture->picture());
      // Half a picture of slack: a chunk that is due now is not put off by a whole GOP.
      constexpr double kSlack_s = 0.016;
      const bool due = writer_ && (seconds_between(chunk_started_, picture->captured) >=
                                       config_.chunk_s - kSlack_s ||
                                   sets != parameter_sets_);
      if (due) end_chunk();
      if (!writer_ && now >= next_try_) begin_chunk(*picture, std::move(sets));
    }
    if (!writer_) {
      const MutexLock lock(mutex_);
      if (!status_.problem.empty()) ++status_.lost;
      return;
    }
    const bool first = !writer_->holds_pictures();
    writer_->write(picture->picture(), whole_ms(chunk_started_, picture->captured), picture->idr);
    if (first) recordings_.give_name();
    {
      const MutexLock lock(mutex_);
      ++status_.pictures;
    }
    if (config_.sync_s > 0 && now >= next_sync_) {
      writer_->sync();
      next_sync_ = SteadyClock::now() + std::chrono::duration_cast<SteadyClock::duration>(
                                            std::chrono::duration<double>(config_.sync_s));
    }
    if (now >= next_limits_) enforce_limits();
    if (now >= next_look_) {
      next_look_ = now + kLookPeriod;
      if (!recordings_.open_is_there()) throw std::runtime_error("the file being written has gone");
    }
  } catch (const std::system_error& e) {
    fail(e.what());
    // Some disks say so only when they are synced.
    if (e.code().value() == ENOSPC && make_room()) next_try_ = now;
  } catch (const std::exception& e) {
    fail(e.what());
  }
}

void Recorder::begin_chunk(const CodedPicture& picture, std::vector<std::uint8_t> parameter_sets) {
  enforce_limits();
  if (over_limits()) throw std::runtime_error("the limit is reached, and nothing may be deleted");
  const auto video = video_of(parameter_sets);
  const auto created = recordings_.create();
  const auto age = SteadyClock::now() - picture.captured;
  writer_ = std::make_unique<MkvWriter>(
      created.descriptor, video,
      WallClock::now() - std::chrono::duration_cast<WallClock::duration>(age), config_.flush_ms,
      // The disk filled up between two looks at it.
      [this] { return make_room(); });
  parameter_sets_ = std::move(parameter_sets);
  chunk_started_ = picture.captured;

  const MutexLock lock(mutex_);
  if (!status_.problem.empty()) log::info("record", "goes on");
  status_.problem.clear();
  status_.recording = true;
  status_.chunk = created.path.filename().string();
  ++status_.chunks;
}

void Recorder::end_chunk() {
  try {
    writer_->finish();
  } catch (const std::exception& e) {
    // What was written plays; only its index is missing.
    log::warning("record", "chunk without index", {{"why", e.what()}});
  }
  writer_.reset();
  recordings_.finished();
  {
    const MutexLock lock(mutex_);
    status_.recording = false;
    status_.chunk.clear();
  }
  if (chunk_done_) chunk_done_();
}

void Recorder::fail(const std::string& why) {
  writer_.reset();
  recordings_.finished();
  const MutexLock lock(mutex_);
  ++status_.lost;
  next_try_ = SteadyClock::now() + kRetryPeriod;
  if (status_.problem != why) log::warning("record", "interrupted", {{"why", why}});
  status_.problem = why;
  status_.recording = false;
  status_.chunk.clear();
  ++status_.failures;
}

bool Recorder::over_limits() const {
  const auto chunks = recordings_.list();
  std::uint64_t bytes = 0;
  for (const auto& chunk : chunks) bytes += chunk.size_bytes;
  const auto free = recordings_.free_bytes();
  constexpr std::uint64_t kMega = 1'000'000;
  // The next chunk counts, too: with the limit reached there is no room for it.
  const bool room_needed = !writer_;
  return chunks.size() + (room_needed ? 1 : 0) > static_cast<std::size_t>(config_.max_chunks) ||
         bytes > static_cast<std::uint64_t>(config_.max_mb) * kMega ||
         (free && *free < static_cast<std::uint64_t>(config_.min_free_mb) * kMega);
}

bool Recorder::make_room() {
  if (!recordings_.remove_oldest()) return false;
  const MutexLock lock(mutex_);
  ++status_.removed;
  return true;
}

void Recorder::enforce_limits() {
  next_limits_ = SteadyClock::now() + kLimitsPeriod;
  while (over_limits()) {
    if (!make_room()) return;
  }
}

}  // namespace rearview::camera

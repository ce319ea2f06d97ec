#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "archive/archive_job.h"
#include "nats/nats_access.h"

namespace rearview {

/// Where the jobs of an archive wait: on NATS JetStream, in the stream REARVIEW_ARCHIVE, which
/// holds a job until it is done and never the same one twice. What was done stands in
/// REARVIEW_ARCHIVE_DONE. A server that is away for a while is waited for. One thread.
class JobQueue {
 public:
  /// Of a queue that is still to be made.
  struct Making {
    double ack_wait_s = 60;  ///< how long a worker may be silent before its job goes to another
    int replicas = 1;        ///< servers that keep it
  };
  /// Connects, and makes the streams where they are missing. Throws UsageError for an address,
  /// credentials, a server or streams that can't be used, or where this program was built without
  /// NATS.
  JobQueue(const NatsAccess& access, const Making& making);
  ~JobQueue();
  JobQueue(const JobQueue&) = delete;
  JobQueue& operator=(const JobQueue&) = delete;

  /// False when it waits already or is being worked on. Throws std::runtime_error.
  bool submit(const ArchiveJob& job);
  /// Makes jobs again of those that have failed for good; returns how many. Throws
  /// std::runtime_error.
  std::size_t submit_failed();

  /// A job that a worker holds. One that is let go without a word is given to another when
  /// ack_wait_s is over.
  class Delivery {
   public:
    ~Delivery();
    Delivery(Delivery&& other) noexcept;
    Delivery& operator=(Delivery&&) = delete;

    /// Throws std::runtime_error for what isn't a job.
    ArchiveJob job() const;
    /// How often it has been given to a worker, with this time.
    std::uint64_t tries() const;
    /// Says that it is still being worked on, where it is time to.
    void go_on();
    /// The result is on the disk. False when the server can't be told: then it comes again.
    bool done(double duration_s, double took_s);
    /// It didn't succeed: it is tried again later, or, once it had most_tries, kept with the reason
    /// among those that have failed.
    void failed(const std::string& reason, std::uint64_t most_tries);
    /// Somebody else may have it at once.
    void give_back();

   private:
    friend class JobQueue;
    struct State;
    explicit Delivery(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
  };
  /// Waits up to wait_ms for a job.
  std::optional<Delivery> pull(int wait_ms);

  struct Failure {
    std::string name;  ///< of the job
    std::string url;   ///< its recording's, as it may be printed
    std::string reason;
    std::uint64_t tries = 0;
  };
  struct Status {
    std::uint64_t waiting = 0;
    std::uint64_t running = 0;  ///< or waiting to be tried again
    std::uint64_t done = 0;
    std::vector<Failure> failures;
    /// Hours of recordings an hour, over the newest that were done; nullopt: nothing was.
    std::optional<double> video_h_per_h;
    std::optional<double> left_s;  ///< until all is done, as fast as it goes now
  };
  /// Throws std::runtime_error.
  Status status();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rearview

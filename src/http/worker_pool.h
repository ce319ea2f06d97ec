#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace rearview::http {

/// A few threads for work that blocks (disk, data base), with a bounded queue. Any thread.
class WorkerPool {
 public:
  WorkerPool(std::size_t threads, std::size_t queue_limit);
  /// Finishes what runs, drops what waits, joins.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// False, and the task is dropped, when the queue is full or the pool is stopping. An exception
  /// that escapes a task is logged.
  bool post(std::function<void()> task);
  void stop();

 private:
  void work();

  std::size_t queue_limit_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::function<void()>> tasks_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace rearview::http

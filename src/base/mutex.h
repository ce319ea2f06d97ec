#pragma once

#include <mutex>

// What a lock guards, in a form that clang checks (-Wthread-safety, scripts/check --full); other
// compilers pass over it. See clang.llvm.org/docs/ThreadSafetyAnalysis.html.
#ifdef __clang__
#define REARVIEW_LOCKS(what) __attribute__((what))
#else
#define REARVIEW_LOCKS(what)
#endif
/// Behind a member's name: it is read and written under that mutex only.
#define GUARDED_BY(mutex) REARVIEW_LOCKS(guarded_by(mutex))
/// Behind a function's parameters: who calls it holds that mutex.
#define REQUIRES(mutex) REARVIEW_LOCKS(exclusive_locks_required(mutex))

namespace rearview {

/// std::mutex that clang knows. Locked by a MutexLock.
class REARVIEW_LOCKS(capability("mutex")) Mutex {
 public:
  void lock() REARVIEW_LOCKS(acquire_capability()) { mutex_.lock(); }
  void unlock() REARVIEW_LOCKS(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

/// Holds a mutex while it lives. For std::condition_variable_any, and where a lock is given up for
/// a moment, it can be unlocked and locked again; it may end unlocked.
class REARVIEW_LOCKS(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) REARVIEW_LOCKS(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() REARVIEW_LOCKS(release_capability()) {
    if (locked_) mutex_.unlock();
  }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void lock() REARVIEW_LOCKS(acquire_capability()) {
    mutex_.lock();
    locked_ = true;
  }
  void unlock() REARVIEW_LOCKS(release_capability()) {
    locked_ = false;
    mutex_.unlock();
  }

 private:
  Mutex& mutex_;
  bool locked_ = true;
};

}  // namespace rearview

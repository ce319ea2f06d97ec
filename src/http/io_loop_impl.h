#pragma once

// Private to this room. <utility> first: Asio of Boost 1.74 forgets it (std::exchange).
#include <utility>
//
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <optional>
#include <thread>

#include "base/log.h"
#include "base/thrown.h"
#include "http/io_loop.h"
#include "http/log_pause.h"

namespace rearview::http {

namespace asio = boost::asio;

struct IoLoop::Impl {
  /// Calls it; false when it threw, which is counted and logged. Loop's thread.
  template <typename F>
  bool survive(F&& call) {
    try {
      call();
      return true;
    } catch (...) {
      const std::uint64_t all = ++failures;
      if (const auto since = pause.due(all))
        log::error("http", "a task of the I/O thread failed",
                   {{"error", thrown()}, {"failures", *since}});
      return false;
    }
  }

  asio::io_context io{1};
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work;
  std::thread thread;
  std::atomic<std::thread::id> thread_id;
  std::atomic<bool> running = false;
  std::atomic<std::uint64_t> failures = 0;
  LogPause pause;
};

}  // namespace rearview::http

#pragma once

// Private to this room. <utility> first: Asio of Boost 1.74 forgets it (std::exchange).
#include <utility>
//
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>
#include <thread>

#include "http/io_loop.h"

namespace rearview::http {

namespace asio = boost::asio;

struct IoLoop::Impl {
  asio::io_context io{1};
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work;
  OnFailure on_failure;
  std::thread thread;
  std::atomic<std::thread::id> thread_id;
  std::atomic<bool> running = false;
};

}  // namespace rearview::http

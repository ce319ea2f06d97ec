#include "http/io_loop.h"

#include "http/io_loop_impl.h"
//
#include <pthread.h>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <future>

namespace rearview::http {
namespace {

class AsioTimer final : public IoLoop::Timer {
 public:
  AsioTimer(IoLoop::Impl& loop, SteadyClock::duration period, bool repeat,
            std::function<void()> task)
      : state_(std::make_shared<State>(loop, period, repeat, std::move(task))) {
    state_->timer.expires_after(period);
    wait(state_);
  }
  ~AsioTimer() override {
    state_->stopped = true;
    state_->timer.cancel();
  }
  AsioTimer(const AsioTimer&) = delete;
  AsioTimer& operator=(const AsioTimer&) = delete;

 private:
  struct State {
    State(IoLoop::Impl& l, SteadyClock::duration p, bool r, std::function<void()> t)
        : loop(l), timer(l.io), period(p), repeat(r), task(std::move(t)) {}
    IoLoop::Impl& loop;
    asio::steady_timer timer;
    SteadyClock::duration period;
    bool repeat;
    bool stopped = false;
    std::function<void()> task;
  };
  static void wait(const std::shared_ptr<State>& state) {
    state->timer.async_wait([state](boost::system::error_code) {
      if (state->stopped) return;
      state->loop.survive(state->task);  // it goes on, whatever one call of it throws
      if (!state->repeat || state->stopped) return;
      // From now, not from the last deadline: a loop that was held up must not run a burst.
      state->timer.expires_after(state->period);
      wait(state);
    });
  }
  std::shared_ptr<State> state_;
};

}  // namespace

IoLoop::IoLoop() : impl_(std::make_unique<Impl>()) {}

IoLoop::~IoLoop() {
  stop();
}

void IoLoop::start() {
  if (impl_->thread.joinable()) return;
  impl_->work.emplace(asio::make_work_guard(impl_->io));
  impl_->io.restart();
  impl_->running = true;
  impl_->thread = std::thread([impl = impl_.get()] {
    pthread_setname_np(pthread_self(), "io");
    impl->thread_id = std::this_thread::get_id();
    while (!impl->survive([impl] { impl->io.run(); })) {
    }
    impl->thread_id = std::thread::id();
    impl->running = false;
  });
}

void IoLoop::stop() {
  impl_->work.reset();
  impl_->io.stop();
  if (impl_->thread.joinable()) impl_->thread.join();
}

void IoLoop::post(std::function<void()> task) {
  asio::post(impl_->io, std::move(task));
}

bool IoLoop::here() const {
  return impl_->thread_id.load() == std::this_thread::get_id();
}

void IoLoop::run(const std::function<void()>& task) {
  if (here() || !impl_->running) {
    task();
    return;
  }
  struct Shared {
    std::atomic<bool> claimed = false;
    std::promise<void> done;
  };
  const auto shared = std::make_shared<Shared>();
  post([shared, &task] {
    if (shared->claimed.exchange(true)) return;
    try {
      task();
      shared->done.set_value();
    } catch (...) {
      shared->done.set_exception(std::current_exception());
    }
  });
  auto done = shared->done.get_future();
  // The loop may be stopped before it comes to the task.
  while (done.wait_for(std::chrono::milliseconds(50)) != std::future_status::ready) {
    if (!impl_->running && !shared->claimed.exchange(true)) {
      task();
      return;
    }
  }
  done.get();
}

std::uint64_t IoLoop::failures() const {
  return impl_->failures;
}

std::unique_ptr<IoLoop::Timer> IoLoop::every(SteadyClock::duration period,
                                             std::function<void()> task) {
  return std::make_unique<AsioTimer>(*impl_, period, true, std::move(task));
}

std::unique_ptr<IoLoop::Timer> IoLoop::after(SteadyClock::duration delay,
                                             std::function<void()> task) {
  return std::make_unique<AsioTimer>(*impl_, delay, false, std::move(task));
}

}  // namespace rearview::http

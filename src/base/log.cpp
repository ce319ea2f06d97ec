#include "base/log.h"

#include <fmt/format.h>

#include <syslog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <optional>
#include <system_error>
#include <utility>

#include "base/log_loss.h"
#include "base/mutex.h"
#include "base/output.h"

namespace rearview::log {
namespace {

/// Of one value, so that what a peer sent fills no log.
constexpr std::size_t kLongestValue = 4096;

std::atomic<Level> g_level{Level::info};
std::atomic<std::uint64_t> g_dropped{0};

bool needs_quotes(std::string_view text) {
  return text.empty() || std::any_of(text.begin(), text.end(), [](unsigned char c) {
           return c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f;
         });
}

// Control characters are escaped, so that what a peer sent can't forge a line of its own.
void append_value(fmt::memory_buffer& out, std::string_view text) {
  text = text.substr(0, kLongestValue);
  if (!needs_quotes(text)) {
    out.append(text);
    return;
  }
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

std::string prefix(Level level) {
  static const bool terminal = isatty(STDERR_FILENO) == 1;
  constexpr std::array kSeverity{LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};
  return terminal ? "" : fmt::format("<{}>", kSeverity.at(static_cast<std::size_t>(level)));
}

/// Standard error, which may take a line, a part of it, or none.
class Sink {
 public:
  void write(std::string_view line) {
    const MutexLock lock(mutex_);
    if (const std::string rest = std::exchange(rest_, {}); !rest.empty() && !take(rest))
      rest_ = rest;
    if (rest_.empty() && untold_ > 0 &&
        take(fmt::format("{}component=log msg=\"lines were dropped: nobody read them\" lines={}\n",
                         prefix(Level::warning), untold_)))
      untold_ = 0;
    if (!rest_.empty() || untold_ > 0 || !take(line)) {
      ++untold_;
      ++g_dropped;
    }
  }

 private:
  /// False when it took nothing. What it left of a line it began is kept.
  bool take(std::string_view line) REQUIRES(mutex_) {
    const std::size_t taken = output_ ? output_->write(line).value_or(0) : 0;
    if (taken > 0) rest_ = line.substr(taken);
    return taken > 0;
  }
  static std::optional<Output> standard_error() {
    try {
      return Output::standard_error();
    } catch (const std::system_error&) {  // closed: all is dropped
      return std::nullopt;
    }
  }

  Mutex mutex_;
  std::optional<Output> output_ GUARDED_BY(mutex_) = standard_error();
  std::string rest_ GUARDED_BY(mutex_);
  std::uint64_t untold_ GUARDED_BY(mutex_) = 0;
};

}  // namespace

void set_level(Level level) {
  g_level = level;
}

void write(Level level, std::string_view component, std::string_view message,
           std::initializer_list<Field> fields) {
  if (level > g_level.load()) return;
  fmt::memory_buffer line;
  line.append(prefix(level));
  fmt::format_to(std::back_inserter(line), "component={} msg=", component);
  append_value(line, message);
  for (const Field& field : fields) {
    fmt::format_to(std::back_inserter(line), " {}=", field.key);
    append_value(line, field.value);
  }
  line.push_back('\n');
  // Never destroyed: the last lines come from destructors.
  static Sink& sink = *new Sink;
  sink.write({line.data(), line.size()});
}

std::uint64_t dropped() {
  return g_dropped;
}

}  // namespace rearview::log

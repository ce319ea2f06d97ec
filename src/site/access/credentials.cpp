#include "site/access/credentials.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "base/config_reader.h"
#include "base/error.h"
#include "base/log.h"
#include "base/sha256.h"
#include "site/access/secret.h"

namespace rearview {
namespace {

constexpr std::size_t kMostTokens = 256;
constexpr std::size_t kLongestName_bytes = 64;
constexpr std::size_t kLeastPassword_bytes = 8;
constexpr std::size_t kMostPassword_bytes = 256;
constexpr std::size_t kTokenSecret_bytes = 32;
constexpr const char* kByPassword = "password";
/// How long a change that another program made may go unnoticed.
constexpr std::chrono::seconds kLookAgain(1);

/// A descriptor that is closed in the end; the lock on it goes with it.
class LockedFile {
 public:
  explicit LockedFile(const std::filesystem::path& path)
      : fd_(::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600)) {
    if (fd_ < 0 || ::flock(fd_, LOCK_EX) != 0) {
      const std::string why = std::strerror(errno);
      if (fd_ >= 0) ::close(fd_);
      throw std::runtime_error(fmt::format("{} can't be locked: {}", path.string(), why));
    }
  }
  ~LockedFile() { ::close(fd_); }
  LockedFile(const LockedFile&) = delete;
  LockedFile& operator=(const LockedFile&) = delete;

 private:
  int fd_;
};

/// Differs for every change: each writes a new file. Empty where there is none.
std::string version_of(const std::filesystem::path& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return {};
  return fmt::format("{} {}.{}", status.st_ino, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

}  // namespace

Credentials::Credentials(std::filesystem::path file) : file_(std::move(file)) {
  if (file_.empty()) return;
  version_ = version_of(file_);
  looked_ = SteadyClock::now();
  content_ = read();
}

bool Credentials::empty() {
  const MutexLock lock(mutex_);
  refresh();
  return content_.password_hash.empty() && content_.entries.empty();
}

bool Credentials::has_password() {
  const MutexLock lock(mutex_);
  refresh();
  return !content_.password_hash.empty();
}

std::vector<Token> Credentials::tokens() {
  const MutexLock lock(mutex_);
  refresh();
  std::vector<Token> tokens;
  for (const Entry& entry : content_.entries) tokens.push_back(entry.token);
  return tokens;
}

Credentials::Issued Credentials::issue(const std::string& name, Scope scope, LetInBy by) {
  const bool printable =
      std::none_of(name.begin(), name.end(), [](unsigned char c) { return c < ' ' || c == 127; });
  if (name.empty() || name.size() > kLongestName_bytes || !printable)
    throw UsageError(fmt::format("a token's name has 1 to {} bytes and no control characters",
                                 kLongestName_bytes));
  Issued issued;
  issued.secret = "rv_" + random_secret(kTokenSecret_bytes);
  issued.token = {random_secret(6), name, scope, by, WallClock::now(), std::nullopt};
  change([&](Content& content) {
    if (content.entries.size() >= kMostTokens) {
      // They stand in the order in which they were made.
      const auto oldest = std::ranges::find(content.entries, LetInBy::password,
                                            [](const Entry& one) { return one.token.by; });
      if (oldest == content.entries.end())
        throw UsageError(
            fmt::format("there are {} tokens, and no more can be: revoke one first", kMostTokens));
      log::warning("serve", "too many tokens: the oldest that signed in by password gives way",
                   {{"token", oldest->token.id}, {"name", oldest->token.name}});
      content.entries.erase(oldest);
    }
    content.entries.push_back({issued.token, sha256_hex(issued.secret)});
  });
  return issued;
}

bool Credentials::revoke(std::string_view id) {
  bool found = false;
  change([&](Content& content) {
    found =
        std::erase_if(content.entries, [id](const Entry& one) { return one.token.id == id; }) > 0;
  });
  return found;
}

void Credentials::set_password(std::string_view password) {
  if (!password.empty() &&
      (password.size() < kLeastPassword_bytes || password.size() > kMostPassword_bytes))
    throw UsageError(
        fmt::format("a password has {} to {} bytes", kLeastPassword_bytes, kMostPassword_bytes));
  const std::string hash = password.empty() ? "" : hash_password(password);
  change([&](Content& content) { content.password_hash = hash; });
}

std::optional<Token> Credentials::find(std::string_view secret) {
  const std::string hash = sha256_hex(secret);
  const MutexLock lock(mutex_);
  refresh();
  Entry* found = nullptr;
  for (Entry& entry : content_.entries) {
    if (equal_in_constant_time(entry.hash, hash)) found = &entry;
  }
  if (!found) return std::nullopt;
  found->token.used = WallClock::now();
  return found->token;
}

bool Credentials::holds(std::string_view id) {
  const MutexLock lock(mutex_);
  refresh();
  return std::any_of(content_.entries.begin(), content_.entries.end(),
                     [id](const Entry& one) { return one.token.id == id; });
}

bool Credentials::password_is(std::string_view password) {
  std::string hash;
  {
    const MutexLock lock(mutex_);
    refresh();
    hash = content_.password_hash;
  }
  return password.size() <= kMostPassword_bytes && password_matches(password, hash);
}

template <typename F>
void Credentials::change(F edit) {
  const MutexLock one_at_a_time(change_mutex_);
  if (file_.empty()) {
    const MutexLock lock(mutex_);
    edit(content_);
    return;
  }
  std::error_code error;
  if (file_.has_parent_path()) std::filesystem::create_directories(file_.parent_path(), error);
  const LockedFile only_us(file_.string() + ".lock");
  Content content = read();
  edit(content);
  write(content);
  const MutexLock lock(mutex_);
  take(std::move(content));
}

void Credentials::take(Content content) {
  for (Entry& entry : content.entries) {
    for (const Entry& before : content_.entries) {
      if (before.token.id == entry.token.id) entry.token.used = before.token.used;
    }
  }
  content_ = std::move(content);
  version_ = version_of(file_);
}

void Credentials::refresh() {
  const SteadyTime now = SteadyClock::now();
  if (file_.empty() || now - looked_ < kLookAgain) return;
  looked_ = now;
  std::string version = version_of(file_);
  if (version == version_) return;
  version_ = std::move(version);
  try {
    take(read());
  } catch (const std::exception& e) {
    // What can't be read lets nobody in: it may be that somebody was to be shut out.
    content_ = {};
    log::error("serve", "nobody is let in until the passwords can be read", {{"why", e.what()}});
  }
}

Credentials::Content Credentials::read() const {
  Content content;
  if (!std::filesystem::exists(file_)) return content;
  struct stat status {};
  if (::stat(file_.c_str(), &status) == 0 && (status.st_mode & 077) != 0)
    throw UsageError(
        fmt::format("{}: others can read it; chmod 600 would be right", file_.string()));
  const nlohmann::json json = read_json_file(file_);
  ConfigReader reader(json, file_.string());
  reader.secret("password", content.password_hash);
  reader.objects("tokens", 0, kMostTokens, [&](ConfigReader& one) {
    Entry entry;
    std::string scope;
    std::string created;
    std::string by;
    one.text("id", entry.token.id, 1, kLongestName_bytes);
    one.text("name", entry.token.name, 1, kLongestName_bytes);
    one.text("scope", scope);
    one.text("created", created);
    one.text("by", by);
    one.text("sha256", entry.hash, 64, 64);
    entry.token.created = parse_rfc3339(created).value_or(WallTime());
    const auto known = scope_from(scope);
    if (!known) one.fail("scope", fmt::format("\"{}\" is neither view nor admin", scope));
    entry.token.scope = *known;
    if (by == kByPassword) entry.token.by = LetInBy::password;
    content.entries.push_back(std::move(entry));
  });
  reader.finish();
  return content;
}

// Under another name first: a power cut leaves the old file or the new one.
void Credentials::write(const Content& content) const {
  nlohmann::ordered_json json{{"password", content.password_hash}};
  auto& tokens = json["tokens"] = nlohmann::ordered_json::array();
  for (const auto& [token, hash] : content.entries) {
    nlohmann::ordered_json& one = tokens.emplace_back();
    one = {{"id", token.id},
           {"name", token.name},
           {"scope", name(token.scope)},
           {"created", rfc3339(token.created)},
           {"sha256", hash}};
    if (token.by == LetInBy::password) one["by"] = kByPassword;
  }
  const std::string text =
      json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  const std::string next = file_.string() + ".new";
  const int fd = ::open(next.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
  const bool written = fd >= 0 && ::fchmod(fd, 0600) == 0 &&
                       ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       ::fsync(fd) == 0;
  const int why = errno;
  if (fd >= 0) ::close(fd);
  if (!written || ::rename(next.c_str(), file_.c_str()) != 0)
    throw std::runtime_error(
        fmt::format("{} can't be written: {}", next, std::strerror(written ? errno : why)));
}

}  // namespace rearview

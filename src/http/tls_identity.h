#pragma once

#include <filesystem>
#include <memory>

#include "base/clock.h"

struct ssl_ctx_st;

namespace rearview::http {

/// Who a server says it is over TLS: its certificate with those that vouch for it, and its key.
/// Speaks TLS 1.2 and 1.3 at OpenSSL's security level 2, and HTTP/1.1 only (ALPN). Immutable: one
/// may serve several servers, on any thread.
class TlsIdentity {
 public:
  /// PEM files; the server's own certificate stands first. Reads both now. Throws UsageError that
  /// names the file when one can't be read or used, they don't belong together, or the certificate
  /// has expired. One that isn't valid yet is taken: a board without a clock of its own starts in
  /// the past.
  TlsIdentity(const std::filesystem::path& certificate, const std::filesystem::path& key);
  ~TlsIdentity();
  TlsIdentity(const TlsIdentity&) = delete;
  TlsIdentity& operator=(const TlsIdentity&) = delete;

  /// The certificate is good until then.
  WallTime expires() const { return expires_; }

  /// For this room only.
  ssl_ctx_st* context() const { return context_.get(); }

 private:
  struct Free {
    void operator()(ssl_ctx_st* context) const;
  };
  std::unique_ptr<ssl_ctx_st, Free> context_;
  WallTime expires_;
};

}  // namespace rearview::http

#include "site/site_config.h"

#include "http/tls_identity.h"

namespace rearview {

void TlsConfig::check(const ConfigReader& reader) const {
  if (cert_file.empty() != key_file.empty())
    reader.fail("key_file", "cert_file and key_file go together");
}

std::shared_ptr<const http::TlsIdentity> TlsConfig::identity() const {
  if (!is_set()) return nullptr;
  return std::make_shared<const http::TlsIdentity>(cert_file, key_file);
}

}  // namespace rearview

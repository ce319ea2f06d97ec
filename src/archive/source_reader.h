#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "archive/archive_job.h"
#include "base/temporary_folder.h"

namespace rearview {

/// Reads what stands at file:/…, http://… or https://…, and hands it on piece by piece; a transfer
/// that breaks off goes on with the range that is missing. Gives up on a server that can't be
/// reached for 15 s or sends less than 1 kB/s for 30 s, three times in a row. Certificates: the
/// system's, or those in the file $SSL_CERT_FILE. seen: asked between pieces and at least once a
/// second; false ends it. Returns whether all was read. Throws std::runtime_error with address and
/// reason, and what take throws.
bool read_source(const std::string& url, const std::function<void(std::string_view)>& take,
                 const std::function<bool()>& seen);
/// The same for https only, redirects included.
bool read_https(const std::string& url, const std::function<void(std::string_view)>& take,
                const std::function<bool()>& seen);

/// Size and hash of what stands there, as above; url is empty where seen ended it.
ArchiveSource measured_source(const std::string& url, const std::function<bool()>& seen);

/// A job's recording on this machine, checked against its size and hash: where it lies, or a copy
/// in $TMPDIR that goes with this.
class LocalSource {
 public:
  /// seen: as above; where it ended it, is_there() is false. Throws std::runtime_error, also for
  /// what isn't as the job says.
  LocalSource(const ArchiveSource& source, const std::function<bool()>& seen);

  bool is_there() const { return there_; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::optional<TemporaryFolder> copy_;
  bool there_ = false;
};

}  // namespace rearview

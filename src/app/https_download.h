#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace rearview {

/// Gets what stands at an https address, redirects to https included, and hands it on piece by
/// piece. Ends early, without an error, when `wanted` (asked at least once a second) says no; what
/// `take` throws goes to the caller. Gives up on a server that can't be reached for 15 s or sends
/// less than 1 kB/s for 30 s. Certificates: the system's, or those in the file $SSL_CERT_FILE.
/// Throws std::runtime_error with address and reason, also for more than most_bytes.
void https_download(const std::string& url, std::uint64_t most_bytes,
                    const std::function<void(std::string_view)>& take,
                    const std::function<bool()>& wanted);

}  // namespace rearview

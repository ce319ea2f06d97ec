#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace rearview::test {

// As in fuzz_entries.h: what is fed with hostile bytes. Each throws std::logic_error when a promise
// is broken.

/// A client's bytes as requests: head, body, chunks, trailers. The same in any pieces, within the
/// limits.
void fuzz_http_request(std::span<const std::uint8_t> input);
/// Targets, escapes, ranges, host names and what tells where a request comes from; a line each.
void fuzz_http_values(std::span<const std::uint8_t> input);
/// What a client sends behind the handshake of a WebSocket, to a server over a real connection.
void fuzz_web_socket(std::span<const std::uint8_t> input);

// What fuzzing begins with, for each of these.
std::vector<std::string> http_request_samples();
std::vector<std::string> http_values_samples();
std::vector<std::string> web_socket_samples();

}  // namespace rearview::test

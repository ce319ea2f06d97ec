#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/endpoint.h"

namespace rearview::test {

/// A client of the stream that reads when the test says so. Every wait ends after some seconds with
/// an exception.
class StreamReader {
 public:
  /// receive_buffer: bytes, 0 as the system has it. from: its own address, in 127.0.0.0/8.
  explicit StreamReader(const Endpoint& server, int receive_buffer = 0,
                        const char* from = "127.0.0.1");
  ~StreamReader();
  StreamReader(const StreamReader&) = delete;
  StreamReader& operator=(const StreamReader&) = delete;

  /// Reads until size bytes were read in all.
  void read_to(std::size_t size);
  /// Reads until the server closes the connection.
  void read_to_end();
  /// Reads what is there without waiting; false when the connection is closed.
  bool read_available();
  void send(const std::string& text);
  void close_sending_side();

  const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 private:
  bool read_once(int timeout_ms);

  int fd_ = -1;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace rearview::test

#pragma once

// Private to this room.
#include <cstdint>
#include <string>

#include "http/byte_range.h"
#include "http/response.h"

namespace rearview::http {

/// Reads a range of a file as a body.
class FileSource final : public BodySource {
 public:
  FileSource(OpenFile file, ByteRange range);
  void next(std::string& piece) override;

 private:
  OpenFile file_;
  std::uint64_t at_;
  std::uint64_t end_;
};

}  // namespace rearview::http

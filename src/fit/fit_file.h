#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace rearview {

/// Base types of the FIT protocol (Flexible and Interoperable Data Transfer, 4.2).
enum class FitType : std::uint8_t {
  enumeration = 0x00,
  u8 = 0x02,
  string = 0x07,
  bytes = 0x0D,
  s16 = 0x83,
  u16 = 0x84,
  s32 = 0x85,
  u32 = 0x86,
  u32z = 0x8C
};

/// One field of a message, its values in little endian order.
struct FitField {
  std::uint8_t number;
  FitType type;
  std::string values;

  static FitField number_of(std::uint8_t number, FitType type, std::uint32_t value);
  static FitField text(std::uint8_t number, std::string_view value);
};

/// Puts a FIT file together, message by message.
class FitFile {
 public:
  /// developer: fields described before by a field_description message, of developer 0.
  void add(std::uint16_t message, const std::vector<FitField>& fields,
           const std::vector<FitField>& developer = {});
  /// The whole file, with its header and checksums.
  std::string whole() const;

 private:
  std::map<std::string, std::uint8_t> definitions_;  ///< local number by definition, without header
  std::string data_;
};

/// Seconds since 1989-12-31, as FIT counts time.
std::uint32_t fit_time(WallTime time);
/// FIT's checksum (FIT protocol, 3.3.2).
std::uint16_t fit_crc(std::string_view bytes);
void append_little_endian(std::string& out, std::uint32_t value, int bytes);

}  // namespace rearview

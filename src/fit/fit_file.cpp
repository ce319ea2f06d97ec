#include "fit/fit_file.h"

#include <array>
#include <stdexcept>

namespace rearview {
namespace {

constexpr std::uint8_t kDefinition = 0x40;
constexpr std::uint8_t kWithDeveloperFields = 0x20;
/// Developer fields came with version 2.0 of the protocol.
constexpr std::uint8_t kProtocol = 0x20;
constexpr std::uint16_t kProfile = 2132;
constexpr std::size_t kMostDefinitions = 16;

char byte(std::size_t value) {
  return static_cast<char>(static_cast<unsigned char>(value));
}

int size_of(FitType type) {
  switch (type) {
    case FitType::s16:
    case FitType::u16:
      return 2;
    case FitType::s32:
    case FitType::u32:
    case FitType::u32z:
      return 4;
    default:
      return 1;
  }
}

}  // namespace

void append_little_endian(std::string& out, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += byte((value >> (8 * i)) & 0xFFU);
}

FitField FitField::number_of(std::uint8_t number, FitType type, std::uint32_t value) {
  FitField field{number, type, {}};
  append_little_endian(field.values, value, size_of(type));
  return field;
}

FitField FitField::text(std::uint8_t number, std::string_view value) {
  return {number, FitType::string, std::string(value) + '\0'};
}

void FitFile::add(std::uint16_t message, const std::vector<FitField>& fields,
                  const std::vector<FitField>& developer) {
  std::string definition{'\0', '\0'};  // reserved, little endian
  append_little_endian(definition, message, 2);
  definition += byte(fields.size());
  for (const FitField& field : fields) {
    definition += byte(field.number);
    definition += byte(field.values.size());
    definition += byte(static_cast<std::size_t>(field.type));
  }
  if (!developer.empty()) {
    definition += byte(developer.size());
    for (const FitField& field : developer) {
      definition += byte(field.number);
      definition += byte(field.values.size());
      definition += '\0';  // the developer's index
    }
  }
  auto known = definitions_.find(definition);
  if (known == definitions_.end()) {
    // A local number may be defined anew; whoever used it before is then defined again too.
    if (definitions_.size() == kMostDefinitions) definitions_.clear();
    known = definitions_.emplace(definition, static_cast<std::uint8_t>(definitions_.size())).first;
    data_ += byte(kDefinition | (developer.empty() ? 0U : kWithDeveloperFields) | known->second);
    data_ += definition;
  }
  data_ += byte(known->second);
  for (const FitField& field : fields) data_ += field.values;
  for (const FitField& field : developer) data_ += field.values;
}

std::string FitFile::whole() const {
  std::string file;
  append_little_endian(file, 14, 1);
  append_little_endian(file, kProtocol, 1);
  append_little_endian(file, kProfile, 2);
  append_little_endian(file, static_cast<std::uint32_t>(data_.size()), 4);
  file += ".FIT";
  append_little_endian(file, fit_crc(file), 2);
  file += data_;
  append_little_endian(file, fit_crc(file), 2);
  return file;
}

std::uint32_t fit_time(WallTime time) {
  constexpr std::int64_t kEpoch = 631'065'600;  // 1989-12-31T00:00:00Z in Unix time
  const auto unix =
      std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
  return unix > kEpoch ? static_cast<std::uint32_t>(unix - kEpoch) : 0;
}

std::uint16_t fit_crc(std::string_view bytes) {
  constexpr std::array<std::uint16_t, 16> kTable{0x0000, 0xCC01, 0xD801, 0x1400, 0xF001, 0x3C00,
                                                 0x2800, 0xE401, 0xA001, 0x6C00, 0x7800, 0xB401,
                                                 0x5000, 0x9C01, 0x8801, 0x4400};
  unsigned crc = 0;
  for (const char one : bytes) {
    const unsigned value = static_cast<unsigned char>(one);
    for (const unsigned nibble : {value & 0xFU, value >> 4U})
      crc = (crc >> 4U) ^ kTable[crc & 0xFU] ^ kTable[nibble];
  }
  return static_cast<std::uint16_t>(crc);
}

}  // namespace rearview

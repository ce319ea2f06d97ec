#include "receive/decoder_input.h"

#include "h264/sei.h"

namespace rearview {
namespace {

void append(std::vector<std::uint8_t>& target, std::span<const std::uint8_t> bytes) {
  target.insert(target.end(), bytes.begin(), bytes.end());
}

}  // namespace

void DecoderInput::clear() {
  all_.clear();
  parameter_sets_.clear();
  has_slice_ = false;
}

void DecoderInput::take(const h264::NalUnit& nal) {
  if (nal.type() == h264::NalType::sei) {
    if (const auto payload = h264::recovery_point(nal.body()))
      append(all_, h264::sei_with_recovery_point(*payload));
    return;
  }
  append(all_, nal.bytes);
  has_slice_ |= h264::is_slice(nal.type());
  if (nal.type() == h264::NalType::sps || nal.type() == h264::NalType::pps)
    append(parameter_sets_, nal.bytes);
}

}  // namespace rearview

#include "h264/annexb_splitter.h"

#include <algorithm>
#include <cstring>

namespace rearview::h264 {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

// Index of the 01 that ends the first start code at or behind `from`; zeros: how many zero bytes
// stand in front of the data.
std::size_t find_start_code_end(std::span<const std::uint8_t> data, std::size_t from,
                                std::uint64_t zeros) {
  const auto is_zero = [&](std::size_t end, std::size_t back) {
    return end >= back ? data[end - back] == 0 : zeros >= back - end;
  };
  // Coded video looks random, so one byte in 256 is a 01 and memchr runs at memory speed.
  while (from < data.size()) {
    const void* hit = std::memchr(data.data() + from, 1, data.size() - from);
    if (hit == nullptr) return kNone;
    const auto end = static_cast<std::size_t>(static_cast<const std::uint8_t*>(hit) - data.data());
    if (is_zero(end, 1) && is_zero(end, 2)) return end;
    from = end + 3;  // the next one needs two zeros first
  }
  return kNone;
}

std::span<const std::uint8_t> without_zeros_behind(std::span<const std::uint8_t> bytes) {
  std::size_t size = bytes.size();
  while (size > 0 && bytes[size - 1] == 0) --size;
  return bytes.first(size);
}

}  // namespace

AnnexBSplitter::AnnexBSplitter(std::size_t max_nal_bytes) : max_nal_bytes_(max_nal_bytes) {}

void AnnexBSplitter::push(std::span<const std::uint8_t> chunk, const Sink& sink) {
  std::size_t begin = 0;  // of what isn't taken yet
  for (;;) {
    const std::span<const std::uint8_t> rest = chunk.subspan(begin);
    const std::size_t end = find_start_code_end(rest, 0, zeros_);
    if (end == kNone) {
      append(rest);
      return;
    }
    const auto payload = rest.first(end > 2 ? end - 2 : 0);
    const bool long_code = end >= 3 ? rest[end - 3] == 0 : zeros_ + end >= 3;
    if (held_.size() <= start_code_size_ && !skipping_ && zeros_ == 0 &&
        begin >= start_code_size_) {
      // The NAL unit lies whole in this chunk: no copy. Its start code was read from here.
      const auto bytes = without_zeros_behind(
          chunk.subspan(begin - start_code_size_, start_code_size_ + payload.size()));
      if (bytes.size() > max_nal_bytes_) {
        ++oversized_;
        discarded_ += bytes.size();
      } else if (bytes.size() > start_code_size_) {
        sink(NalUnit{bytes, start_code_size_});
      } else {
        discarded_ += start_code_size_;
      }
      held_.clear();
    } else {
      append(payload);
      end_nal(sink);
    }
    static constexpr std::uint8_t kStartCode[] = {0, 0, 0, 1};
    start_code_size_ = long_code ? 4 : 3;
    held_.assign(std::end(kStartCode) - start_code_size_, std::end(kStartCode));
    zeros_ = 0;
    skipping_ = false;
    begin += end + 1;
  }
}

void AnnexBSplitter::append(std::span<const std::uint8_t> bytes) {
  const auto solid = without_zeros_behind(bytes);
  if (solid.empty()) {
    zeros_ += bytes.size();
    return;
  }
  if (!skipping_ && zeros_ + solid.size() > max_nal_bytes_ - std::min(max_nal_bytes_, held_.size()))
    skip_oversized();
  if (skipping_) {
    discarded_ += zeros_ + solid.size();
  } else {
    held_.resize(held_.size() + static_cast<std::size_t>(zeros_), 0);
    held_.insert(held_.end(), solid.begin(), solid.end());
  }
  zeros_ = bytes.size() - solid.size();
}

void AnnexBSplitter::skip_oversized() {
  ++oversized_;
  discarded_ += held_.size();
  held_.clear();
  skipping_ = true;
}

void AnnexBSplitter::end_nal(const Sink& sink) {
  if (skipping_) return;
  if (held_.size() > start_code_size_) {
    sink(NalUnit{held_, start_code_size_});
  } else {
    discarded_ += held_.size();
  }
  held_.clear();
}

void AnnexBSplitter::flush(const Sink& sink) {
  if (!open()) return;
  end_nal(sink);
  skipping_ = true;
}

void AnnexBSplitter::reset() {
  held_.clear();
  zeros_ = 0;
  skipping_ = true;
}

std::optional<NalUnit> AnnexBSplitter::open() const {
  if (skipping_ || held_.size() <= start_code_size_) return std::nullopt;
  return NalUnit{held_, start_code_size_};
}

}  // namespace rearview::h264

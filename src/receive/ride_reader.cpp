#include "receive/ride_reader.h"

#include <memory>
#include <stdexcept>
#include <utility>

namespace rearview {

RideReader::RideReader(std::vector<std::string> inputs, double from_s, std::optional<double> fps,
                       int threads, std::stop_token stop)
    : inputs_(std::move(inputs)),
      from_s_(from_s),
      fps_(fps),
      threads_(threads),
      stop_(std::move(stop)) {
  open();
}

void RideReader::open() {
  if (reader_) begin_s_ = end_of_part();
  begin_seq_ = newest_seq_;
  // The first epoch of the part is the last one of the part before.
  begin_epoch_ = newest_epoch_ > 0 ? newest_epoch_ - 1 : 0;
  reader_.emplace(inputs_.at(part_), fps_, threads_, stop_);
}

double RideReader::end_of_part() const {
  // The container counts without rounding each picture's time.
  const double end_s = begin_s_ + reader_->duration_s().value_or(0);
  const double picture_s = 1 / reader_->fps();
  return end_s > newest_s_ && end_s <= newest_s_ + 2 * picture_s ? end_s : newest_s_ + picture_s;
}

FramePtr RideReader::next_of_part() {
  try {
    return reader_->next();
  } catch (const std::runtime_error&) {
    if (part_ + 1 == inputs_.size()) throw;
    return nullptr;
  }
}

FramePtr RideReader::next() {
  for (;;) {
    const FramePtr read = next_of_part();
    if (!read) {
      if (part_ + 1 == inputs_.size() || stop_.stop_requested()) return nullptr;
      ++part_;
      open();
      continue;
    }
    const double t_s = begin_s_ + read->t_s;
    newest_s_ = t_s;
    newest_seq_ = begin_seq_ + read->seq;
    newest_epoch_ = begin_epoch_ + read->epoch;
    if (t_s < from_s_) continue;
    auto frame = std::make_shared<Frame>(read->planes());
    frame->epoch = newest_epoch_;
    frame->seq = newest_seq_;
    frame->t_s = t_s;
    frame->time = read->time;
    frame->received = read->received;
    frame->decoded = read->decoded;
    return frame;
  }
}

}  // namespace rearview

#include "receive/decoder.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <utility>

#include "receive/libav.h"
#include "receive/picture_planes.h"

namespace rearview {

struct Decoder::Libav {
  libav::CodecPointer context;
  libav::FramePointer frame = libav::new_frame();
  libav::PacketPointer packet = libav::new_packet();
  PlaneMaker planes;

  Libav(AVCodecID id, const AVCodecParameters* parameters, int threads, Reordering reordering) {
    const AVCodec* codec = avcodec_find_decoder(id);
    if (codec == nullptr)
      throw std::runtime_error(std::string("no decoder for ") + avcodec_get_name(id));
    context = libav::checked<libav::CodecPointer>(avcodec_alloc_context3(codec));
    if (parameters != nullptr && avcodec_parameters_to_context(context.get(), parameters) < 0)
      throw std::runtime_error("the stream's description can't be used");
    // Frame threads would hold back a picture each.
    context->thread_type = FF_THREAD_SLICE;
    context->thread_count = std::max(1, threads);
    context->flags |= AV_CODEC_FLAG_UNALIGNED;
    if (id == AV_CODEC_ID_H264) {
      // Other decoders put B-frames out of order with this, and refuse what many cameras write.
      context->flags |= AV_CODEC_FLAG_LOW_DELAY;
      // Aggressive: bits left over behind a picture's last macroblock are an error too.
      context->err_recognition =
          AV_EF_CRCCHECK | AV_EF_BITSTREAM | AV_EF_BUFFER | AV_EF_EXPLODE | AV_EF_AGGRESSIVE;
    }
    if (reordering == Reordering::as_allowed)
      context->strict_std_compliance = FF_COMPLIANCE_STRICT;  // it means just that to this decoder
    context->max_pixels = kMostPixels;
    // Broken pictures are counted; libavcodec would write a line for each to stderr.
    context->log_level_offset = AV_LOG_TRACE;
    if (const int error = avcodec_open2(context.get(), codec, nullptr); error < 0)
      throw std::runtime_error(std::string(codec->name) + ": " + libav::error_text(error));
  }
};

Decoder::Decoder(int threads, Reordering reordering)
    : libav_(std::make_unique<Libav>(AV_CODEC_ID_H264, nullptr, threads, reordering)),
      reordering_(reordering) {}

Decoder::Decoder(const AVCodecParameters& parameters, int threads, Orientation orientation)
    : libav_(
          std::make_unique<Libav>(parameters.codec_id, &parameters, threads, Reordering::as_seen)),
      container_(orientation),
      h264_(parameters.codec_id == AV_CODEC_ID_H264),
      reordering_(Reordering::as_seen),
      seen_delay_(libav_->context->has_b_frames) {
  if (h264_ && parameters.extradata_size > 0)
    references_.push({parameters.extradata, static_cast<std::size_t>(parameters.extradata_size)});
}

Decoder::~Decoder() = default;

std::string Decoder::size_problem() const {
  int width = libav_->context->width;
  int height = libav_->context->height;
  if (h264_) {
    const h264::Sps* sps = parameter_sets().newest_sps();
    if (sps == nullptr) return {};
    width = sps->width_px;
    height = sps->height_px;
  }
  if (width <= 0 || height <= 0) return {};
  if (std::min(width, height) >= kLeastSide_px && std::int64_t{width} * height <= kMostPixels)
    return {};
  return fmt::format(
      "its pictures have {}x{} pixels; taken are those with sides of {} at least and {} pixels "
      "altogether at most (4096x4096)",
      width, height, kLeastSide_px, kMostPixels);
}

std::string Decoder::why_no_picture() const {
  if (counts_.pictures > 0) return {};
  if (std::string problem = size_problem(); !problem.empty()) return problem;
  if (!h264_) return {};
  if (parameter_sets().newest_sps() == nullptr)
    return "it holds no sequence parameter set (SPS), without which no picture can be decoded";
  if (!parameter_sets().has_pps())
    return "it holds no picture parameter set (PPS), without which no picture can be decoded";
  if (!entered_)
    return "it holds no place to begin at: neither an IDR picture nor a recovery point";
  if (counts_.corrupt > 0)
    return "each place to begin at is broken, or came before its parameter sets";
  return {};
}

bool Decoder::may_enter(const h264::ReferenceCheck::Verdict& verdict, bool keyframe) const {
  return h264_ ? verdict.idr || verdict.recovery_point : keyframe;
}

void Decoder::decode(std::span<const std::uint8_t> access_unit, std::int64_t tag, const Sink& sink,
                     bool keyframe) {
  h264::ReferenceCheck::Verdict verdict;
  if (h264_) {
    input_.clear();
    verdict = references_.push(access_unit, [this](const h264::NalUnit& nal) {
      input_.take(nal);
      if (nal.type() != h264::NalType::sei) return;
      if (const auto said = h264::display_orientation(nal.body())) said_ = said;
    });
    access_unit = input_.all();
    // Containers may keep headers and messages as packets of their own: no picture is missing.
    if (!input_.has_slice()) return keep_parameter_sets();
    take_orientation(verdict.idr, tag);
  }
  const bool entry = may_enter(verdict, keyframe);
  if (in_step_ && verdict.gap) {
    lost(sink);
    if (!entry) {
      ++counts_.missing_reference;
      keep_parameter_sets();
      return;
    }
  }
  if (h264_ && (verdict.idr || (entry && !in_step_))) hold_back_no_more_than_due(in_step_, sink);
  if (!in_step_) {
    if (!entry) {
      ++counts_.waiting;
      keep_parameter_sets();
      return;
    }
    in_step_ = entered_ = true;
    recovering_ = h264_ && !verdict.idr;
  }

  const int error = send(access_unit, tag);
  inside_.insert(tag);
  if (verdict.idr) group_ = tag;
  if (error < 0 && !recovering_) broken_tag_ = tag;
  if (!receive(sink) || broken_tag_) lost(sink);
}

void Decoder::take_orientation(bool idr, std::int64_t tag) {
  constexpr std::size_t kMostHeld = 2;
  const Orientation before = coded_.now();
  coded_.next(idr, std::exchange(said_, std::nullopt));
  if (coded_.now() == before) return;
  orientations_[tag] = coded_.now();
  if (orientations_.size() > kMostHeld) orientations_.erase(orientations_.begin());
}

const Orientation& Decoder::orientation_of(std::int64_t tag) const {
  static constexpr Orientation kUpright;
  if (!container_.upright()) return container_;
  const auto next = orientations_.upper_bound(tag);
  return next == orientations_.begin() ? kUpright : std::prev(next)->second;
}

int Decoder::send(std::span<const std::uint8_t> bytes, std::int64_t tag) {
  AVPacket& packet = *libav_->packet;
  if (bytes.size() > static_cast<std::size_t>(INT32_MAX - AV_INPUT_BUFFER_PADDING_SIZE) ||
      av_new_packet(&packet, static_cast<int>(bytes.size())) < 0)
    throw std::bad_alloc();
  if (!bytes.empty()) std::memcpy(packet.data, bytes.data(), bytes.size());
  packet.pts = tag;
  const int error = avcodec_send_packet(libav_->context.get(), &packet);
  av_packet_unref(&packet);
  return error;
}

// Of what is skipped the next entry may need them: servers send them once, at the beginning.
void Decoder::keep_parameter_sets() {
  // Without a picture this is an error to libavcodec, but it takes what it can read.
  if (!input_.parameter_sets().empty()) send(input_.parameter_sets(), 0);
}

bool Decoder::receive(const Sink& sink) {
  AVCodecContext& context = *libav_->context;
  AVFrame& frame = *libav_->frame;
  for (;;) {
    const int error = avcodec_receive_frame(&context, &frame);
    if (error == AVERROR(EAGAIN) || error == AVERROR_EOF) return true;
    if (error < 0) return recovering_;
    const std::int64_t tag = frame.pts;
    const bool faulty = (frame.flags & AV_FRAME_FLAG_CORRUPT) != 0 ||
                        frame.decode_error_flags != 0 || tag == broken_tag_;
    std::optional<Planes> planes;
    if (!faulty && std::min(frame.width, frame.height) >= kLeastSide_px)
      planes = libav_->planes.make(frame, orientation_of(tag));
    const bool fields = libav::interlaced(frame);
    av_frame_unref(&frame);
    // Its tag is still inside: counted when that is emptied.
    if (!planes) {
      if (recovering_) continue;
      return false;
    }
    const std::int64_t place = place_of(tag, fields);
    recovering_ = false;
    ++counts_.pictures;
    sink(Picture{std::move(*planes), tag, place});
  }
}

std::int64_t Decoder::place_of(std::int64_t tag, bool fields) {
  // What went in before and didn't come out never will: pictures before the recovery is complete,
  // and the second of two fields. With reordering that is known only of what is before an IDR.
  const bool reordered = libav_->context->has_b_frames > 0;
  const auto passed = inside_.lower_bound(reordered ? std::min(tag, group_) : tag);
  if (!reordered || tag >= group_) {
    const auto count = static_cast<std::uint64_t>(std::distance(inside_.begin(), passed));
    if (recovering_)
      counts_.waiting += count;
    else if (!fields)
      counts_.corrupt += count;
    inside_.erase(inside_.begin(), passed);
  }
  const std::int64_t place = reordered && !inside_.empty() ? *inside_.begin() : tag;
  inside_.erase(place);
  return place;
}

// libavcodec holds back as many as the stream ever seemed to need: one bit error in an order count
// or a parameter set, and every picture would be up to 16 late for good.
void Decoder::hold_back_no_more_than_due(bool unbroken, const Sink& sink) {
  AVCodecContext& context = *libav_->context;
  const h264::Sps* sps = parameter_sets().newest_sps();
  if (unbroken && !told_delay_) seen_delay_ = context.has_b_frames;
  told_delay_ = sps ? sps->max_num_reorder_frames : std::nullopt;
  if (!told_delay_ && reordering_ == Reordering::as_allowed) return;
  const int due = told_delay_.value_or(seen_delay_);
  if (context.has_b_frames <= due) return;
  drain(sink);
  context.has_b_frames = due;
}

void Decoder::drain(const Sink& sink) {
  AVCodecContext* context = libav_->context.get();
  // Pictures held back for reordering are good up to the first broken one; those behind may
  // refer to it.
  if (avcodec_send_packet(context, nullptr) == 0) receive(sink);
  avcodec_flush_buffers(context);
  (recovering_ ? counts_.waiting : counts_.corrupt) += inside_.size();
  inside_.clear();
}

void Decoder::lost(const Sink& sink) {
  if (in_step_) drain(sink);
  in_step_ = false;
  recovering_ = false;
  broken_tag_.reset();
  references_.reset();
}

void Decoder::finish(const Sink& sink) {
  lost(sink);
}

}  // namespace rearview

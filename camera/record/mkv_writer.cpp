#include "camera/record/mkv_writer.h"

#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace rearview::camera {
namespace {

constexpr int kIoBuffer = 32 << 10;
constexpr AVRational kMilliseconds{1, 1000};

}  // namespace

MkvWriter::MkvWriter(int descriptor, const Video& video, WallTime started, int cluster_ms,
                     std::function<bool()> make_room)
    : descriptor_(descriptor), make_room_(std::move(make_room)) {
  try {
    auto* buffer = static_cast<unsigned char*>(av_malloc(kIoBuffer));
    io_ = buffer ? avio_alloc_context(buffer, kIoBuffer, 1, this, nullptr, on_write, on_seek)
                 : nullptr;
    if (!io_) throw std::bad_alloc();
    check(avformat_alloc_output_context2(&muxer_, nullptr, "matroska", nullptr));
    muxer_->pb = io_;
    muxer_->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_FLUSH_PACKETS;
    AVStream* stream = avformat_new_stream(muxer_, nullptr);
    if (!stream) throw std::bad_alloc();
    stream->time_base = kMilliseconds;
    AVCodecParameters& codec = *stream->codecpar;
    codec.codec_type = AVMEDIA_TYPE_VIDEO;
    codec.codec_id = AV_CODEC_ID_H264;
    codec.width = video.width_px;
    codec.height = video.height_px;
    const std::size_t size = video.parameter_sets.size();
    codec.extradata = static_cast<std::uint8_t*>(av_mallocz(size + AV_INPUT_BUFFER_PADDING_SIZE));
    if (!codec.extradata) throw std::bad_alloc();
    std::memcpy(codec.extradata, video.parameter_sets.data(), size);
    codec.extradata_size = static_cast<int>(size);
    av_dict_set(&muxer_->metadata, "creation_time", rfc3339(started).c_str(), 0);

    AVDictionary* options = nullptr;
    av_dict_set_int(&options, "cluster_time_limit", cluster_ms, 0);
    const int result = avformat_write_header(muxer_, &options);
    av_dict_free(&options);
    check(result);
    avio_flush(io_);
    check(io_->error);
    whole_bytes_ = header_bytes_ = size_bytes_;
  } catch (...) {
    release();
    throw;
  }
}

MkvWriter::~MkvWriter() {
  release();
}

void MkvWriter::release() noexcept {
  avformat_free_context(muxer_);
  if (io_) av_freep(&io_->buffer);
  avio_context_free(&io_);
  // A full disk leaves half a cluster behind; without it the file is merely shorter.
  if (write_errno_ != 0 && size_bytes_ > whole_bytes_)
    static_cast<void>(!ftruncate(descriptor_, static_cast<off_t>(whole_bytes_)));
  close(descriptor_);
}

void MkvWriter::check(int result) {
  if (result >= 0) return;
  if (write_errno_ != 0) throw std::system_error(write_errno_, std::generic_category());
  throw std::runtime_error(av_error(result));
}

void MkvWriter::write(std::span<const std::uint8_t> picture, std::int64_t time_ms, bool idr) {
  last_ms_ = std::max(time_ms, last_ms_ + 1);
  // The muxer only reads; a packet without a buffer of its own belongs to the caller.
  packet_->data = const_cast<std::uint8_t*>(picture.data());
  packet_->size = static_cast<int>(picture.size());
  packet_->pts = packet_->dts = last_ms_;
  packet_->flags = idr ? AV_PKT_FLAG_KEY : 0;
  packet_->stream_index = 0;
  int result = av_write_frame(muxer_, packet_.get());
  av_packet_unref(packet_.get());
  // The first picture makes the file worth something: it is not left waiting in a cluster.
  if (result >= 0 && !holds_pictures()) result = av_write_frame(muxer_, nullptr);
  check(result);
  avio_flush(io_);
  check(io_->error);
  whole_bytes_ = size_bytes_;
}

void MkvWriter::sync() {
  if (fdatasync(descriptor_) != 0) throw std::system_error(errno, std::generic_category());
}

void MkvWriter::finish() {
  check(av_write_trailer(muxer_));
  avio_flush(io_);
  check(io_->error);
  sync();
}

template <typename Byte>
int MkvWriter::on_write(void* self, Byte* data, int size) {
  auto& writer = *static_cast<MkvWriter*>(self);
  int done = 0;
  while (done < size) {
    const ssize_t count =
        ::write(writer.descriptor_, data + done, static_cast<std::size_t>(size - done));
    const int error = count < 0 ? errno : 0;
    if (error == EINTR) continue;
    if (error == ENOSPC && writer.make_room_ && writer.make_room_()) continue;
    if (error != 0) {
      writer.write_errno_ = error;
      return AVERROR(error);
    }
    done += static_cast<int>(count);
    const off_t at = lseek(writer.descriptor_, 0, SEEK_CUR);
    writer.size_bytes_ = std::max(writer.size_bytes_, static_cast<std::uint64_t>(at));
  }
  return size;
}

std::int64_t MkvWriter::on_seek(void* self, std::int64_t offset, int whence) {
  auto& writer = *static_cast<MkvWriter*>(self);
  if (whence == AVSEEK_SIZE) return static_cast<std::int64_t>(writer.size_bytes_);
  const off_t at = lseek(writer.descriptor_, offset, whence);
  return at < 0 ? AVERROR(errno) : at;
}

}  // namespace rearview::camera

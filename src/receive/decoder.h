#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>

#include "h264/reference_check.h"
#include "receive/coded_orientation.h"
#include "receive/decoder_input.h"
#include "receive/orientation.h"
#include "types/frame.h"

struct AVCodecParameters;

namespace rearview {

/// Where each access unit given to a decoder went; each is counted once.
struct DecoderCounts {
  std::uint64_t pictures = 0;
  std::uint64_t corrupt = 0;            ///< broken, or refused by the decoder
  std::uint64_t missing_reference = 0;  ///< what it refers to never came
  std::uint64_t waiting = 0;            ///< behind one of those, or a join: up to the next entry
};

/// Access units to pictures with libavcodec. A picture comes out of the call that its access unit
/// went into (B-frames excepted, which need later ones), and only if nothing says that it is
/// broken; after one that is, everything is skipped up to the next IDR or recovery point. H.264 is
/// checked for lost references too, which libavcodec covers up. One thread.
class Decoder {
 public:
  /// 8 bits, 4:2:0, at most kMostPixels. The planes are the decoder's own memory where it decodes
  /// to that format.
  struct Picture {
    Planes planes;
    std::int64_t tag = 0;  ///< of its access unit
    /// Its number in the order of display: the n-th picture shown has the n-th tag. The same as tag
    /// unless the stream has B-frames.
    std::int64_t place = 0;
  };
  using Sink = std::function<void(Picture)>;

  static constexpr std::int64_t kMostPixels = std::int64_t{4096} * 4096;
  static constexpr int kLeastSide_px = 32;

  /// How long pictures are held back for those that are shown before them, in a stream that doesn't
  /// say (bitstream restriction, ITU-T H.264 E.2.1).
  enum class Reordering {
    as_seen,  ///< not at all, until B-frames have shown how long; those are lost that came too late
    as_allowed,  ///< as long as level and size allow: nothing is lost, nothing comes soon
  };

  /// H.264 as Annex-B. threads: decoder threads, which work on one picture at a time.
  explicit Decoder(int threads, Reordering reordering = Reordering::as_seen);
  /// Any codec, as a container describes it; H.264 as Annex-B all the same. Throws
  /// std::runtime_error when there is no decoder for it. orientation: what makes it upright; where
  /// it is so already, H.264 may say otherwise itself (SEI).
  Decoder(const AVCodecParameters& parameters, int threads, Orientation orientation = {});
  ~Decoder();
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  /// tag must increase. keyframe: what the container says; not used for H.264.
  void decode(std::span<const std::uint8_t> access_unit, std::int64_t tag, const Sink& sink,
              bool keyframe = false);
  /// Something in front of the next access unit was lost.
  void lost(const Sink& sink);
  /// Gives out the pictures held back for reordering.
  void finish(const Sink& sink);

  const DecoderCounts& counts() const { return counts_; }

  /// The newest that came; of H.264 alone.
  const h264::ParameterSets& parameter_sets() const { return references_.parameter_sets(); }
  /// Why pictures of the size that was told can't be decoded, as a sentence with the limits; empty
  /// when they can.
  std::string size_problem() const;
  /// Why no picture has come out, where that can be told: a sentence, or nothing.
  std::string why_no_picture() const;

 private:
  struct Libav;

  bool may_enter(const h264::ReferenceCheck::Verdict& verdict, bool keyframe) const;
  /// libavcodec's error code.
  int send(std::span<const std::uint8_t> bytes, std::int64_t tag);
  void keep_parameter_sets();
  /// False when a broken picture came out.
  bool receive(const Sink& sink);
  void drain(const Sink& sink);
  /// At an entry. unbroken: so was everything since the last one.
  void hold_back_no_more_than_due(bool unbroken, const Sink& sink);
  /// The place of the picture that has come out.
  std::int64_t place_of(std::int64_t tag, bool fields);

  void take_orientation(bool idr, std::int64_t tag);
  const Orientation& orientation_of(std::int64_t tag) const;

  std::unique_ptr<Libav> libav_;
  h264::ReferenceCheck references_;
  DecoderInput input_;
  std::set<std::int64_t> inside_;  // places of what was sent, not yet taken by a picture
  std::int64_t group_ = 0;         // tag of the newest IDR picture
  const Orientation container_;
  CodedOrientation coded_;
  std::optional<h264::DisplayOrientation> said_;  // since the last picture
  // Of pictures that may still come out, by the tag from which it holds: the last two.
  std::map<std::int64_t, Orientation> orientations_;
  bool h264_ = true;
  bool entered_ = false;                    // a place to begin at has come
  bool in_step_ = false;                    // every reference so far is there
  bool recovering_ = false;                 // began at a recovery point; not a picture yet
  std::optional<std::int64_t> broken_tag_;  // the decoder refused this one
  const Reordering reordering_;
  int seen_delay_ = 0;                 // pictures held back in a stream that doesn't say how many
  std::optional<int> told_delay_ = 0;  // of the newest entry, where its SPS says
  DecoderCounts counts_;
};

}  // namespace rearview

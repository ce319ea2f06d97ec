#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <opencv2/core/mat.hpp>
#include <optional>
#include <string>
#include <vector>

namespace rearview::test {

enum class Delimiters {
  none,
  before,  ///< an AUD begins each access unit
  behind,  ///< as rearview-camera: the next picture's AUD right behind each access unit
};

struct StreamOptions {
  int width = 320;
  int height = 192;
  int fps = 30;
  int gop = 10;    ///< pictures from one IDR to the next
  int slices = 1;  ///< libx264 makes no more than height / 64
  int b_frames = 0;
  Delimiters delimiters = Delimiters::behind;
  bool short_start_codes = false;  ///< 3 bytes everywhere, else as x264 has them (3 and 4)
  bool full_range = false;
  bool bt709 = false;         ///< said in the stream; else it says nothing of its colours
  int blue_difference = 128;  ///< of all pixels
  int red_difference = 128;
  int noise = 0;               ///< amplitude of a fixed pattern that makes pictures large
  int quantiser = 26;          ///< constant QP
  int first_number = 0;        ///< of the first picture
  bool intra_refresh = false;  ///< no IDR but the first
  std::string pixel_format = "yuv420p";
  std::string preset = "ultrafast";
};

/// A libx264 encoder with zero latency whose pictures carry a number that can be read back. Throws
/// std::runtime_error when libavcodec lacks libx264.
class TestEncoder {
 public:
  explicit TestEncoder(const StreamOptions& options);
  ~TestEncoder();
  /// One picture as one Annex-B access unit. Not with B-frames.
  std::vector<std::uint8_t> encode(int number, bool force_idr = false);
  /// All pictures that are still inside, with B-frames.
  std::vector<std::vector<std::uint8_t>> encode_all(int frames);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Access units in decoding order; picture n shows options.first_number + n.
std::vector<std::vector<std::uint8_t>> make_access_units(int frames, const StreamOptions& options);
/// The same as one byte stream.
std::vector<std::uint8_t> make_h264(int frames, const StreamOptions& options = {});

/// Writes a recording whose container is the path's ending, with any of libavcodec's encoders
/// (libx264, mpeg4, mjpeg, …). options: as far as they aren't H.264's own.
void write_recording(const std::string& path, const std::string& encoder, int frames,
                     const StreamOptions& options = {});

/// The number (0 to 65535) that a picture shows, read from its luma. Each of six bands across the
/// picture shows it, so nullopt for a picture of which a part is broken or from another picture.
std::optional<int> picture_number(const cv::Mat& luma);

}  // namespace rearview::test

#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <opencv2/core.hpp>
#include <optional>
#include <vector>

namespace rearview {

/// Tells a camera that lives from one whose picture stands still, whatever an encoder makes of it.
///
/// A picture that is encoded again and again doesn't stay the same: each one comes nearer to it,
/// and each intra picture begins from afar. But what is refined doesn't go back. A sensor's noise
/// does: of two changes of a block the second undoes half of the first, because the first one's
/// noise is gone (their correlation is -0.5; that of refinements is about 0, since each moves a
/// coefficient as near as its step allows). So life is
/// - noise: blocks whose changes undo each other, in enough of the picture; or
/// - movement: means of cells, which refinement hardly touches, that have changed since a picture
///   that was kept.
/// Neither counts in four rows of cells, those that would tell most: a clock written into the
/// picture runs on. Nor does it where the pictures go round in a loop, or where all of the picture
/// moved and stopped dead from one picture to the next, which no vehicle can: then it must move
/// again. One thread.
class SignsOfLife {
 public:
  /// luma: CV_8UC1, as decoded, so that blocks lie where the encoder's lay. t_s rises.
  void see(const cv::Mat& luma, double t_s);
  /// Behind a gap nothing can be compared with what was before; but what was silent stays so until
  /// it lives.
  void reset();

  /// The last picture by means of cells, CV_8UC1 of 80x45; lent until the next one.
  const cv::Mat& cells() const { return cells_.front(); }

  /// For how long nothing has shown that the camera lives.
  double silent_s() const { return silent_s_; }

 private:
  struct Kept {
    double t_s;
    cv::Mat picture;
  };
  struct Flow {
    double t_s;
    double px_per_s;
  };

  bool moves(const cv::Mat& cells);
  bool noisy(const cv::Mat& luma, double passed_s);
  bool goes_round(const cv::Mat& cells);
  /// Of three quarters of the picture; negative where it can't be told.
  double speed_of(const cv::Mat& little, double t_s) const;
  bool stands_dead(const cv::Mat& little, bool refines, double t_s);

  bool started_ = false;
  double last_s_ = 0;
  double silent_s_ = 0;

  cv::Mat kept_cells_;
  // Noise.
  cv::Mat last_;                     ///< the rows of blocks that are looked at
  std::vector<std::int16_t> steps_;  ///< last change of each block, 64 values each
  std::vector<float> energy_;        ///< its sum of squares; 0: none yet
  std::vector<double> votes_;        ///< by row of blocks, decaying
  double share_ = 0;                 ///< of the blocks that changed, the most of late
  bool anew_ = false;                ///< the last picture was coded anew, without those before
  double refines_until_s_ = 0;
  // Loops.
  static constexpr std::size_t kLongestLoop = 16;
  std::deque<cv::Mat> cells_;
  std::size_t longest_lag_ = 0;
  bool round_ = false;
  double round_until_s_ = 0;
  std::array<double, kLongestLoop + 1> apart_{};  ///< mean difference at each lag, decaying
  // Stopping dead.
  std::deque<Kept> littles_;
  std::deque<Flow> flows_;
  std::optional<double> moving_since_s_;
  double moving_s_ = 0;
  bool dead_ = false;
  double speed_before_ = 0;  ///< it stopped dead
};

}  // namespace rearview

#pragma once

#include <array>
#include <memory>
#include <opencv2/core.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "analyse/network/network_input.h"
#include "base/enumeration.h"

namespace rearview {

enum class NetworkFamily { yolox, nanodet_plus, picodet, fastestdet };

constexpr auto names_of(NetworkFamily) {
  return std::to_array<std::string_view>({"yolox", "nanodet_plus", "picodet", "fastestdet"});
}

/// A box in pixels of the network's input.
struct Candidate {
  cv::Rect2f box;
  float score = 0;  ///< 0..1
  int label = 0;    ///< the network's class number
};

/// Reads one family's output tensors. Stateless after construction; any thread.
class BoxDecoder {
 public:
  virtual ~BoxDecoder() = default;

  /// How the family wants its picture.
  virtual InputLayout layout() const = 0;
  /// How many classes the outputs (CV_32F, in the model's order) tell apart. Throws
  /// std::runtime_error that says what was expected if they are not this family's for this input.
  virtual int class_count(const std::vector<cv::Mat>& outputs) const = 0;
  /// Adds every box of which one of the labels scores at least the threshold, with the best of
  /// them. The outputs must have passed class_count(), the labels be below its result.
  virtual void decode(const std::vector<cv::Mat>& outputs, const std::vector<int>& labels,
                      float threshold, std::vector<Candidate>& found) const = 0;
};

/// input: both sides multiples of 32.
std::unique_ptr<BoxDecoder> make_box_decoder(NetworkFamily family, cv::Size input);

/// Greedy non-maximum suppression, best score first, at most `most` left. Boxes of one label
/// exclude each other above same_iou, boxes of different labels above any_iou.
std::vector<Candidate> suppress(std::vector<Candidate> found, float same_iou, float any_iou,
                                std::size_t most);

}  // namespace rearview

#include "analyse/network/box_decoder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <stdexcept>

#include "analyse/common/boxes.h"
#include "analyse/network/tuning.h"

namespace rearview {
namespace {

using namespace network_tuning::box_decoder;

std::string shape(const cv::Mat& tensor) {
  std::vector<int> sizes;
  for (int i = 0; i < tensor.dims; ++i) sizes.push_back(tensor.size[i]);
  return fmt::format("[{}]", fmt::join(sizes, ","));
}

std::string shapes(const std::vector<cv::Mat>& tensors) {
  std::string text;
  for (const cv::Mat& tensor : tensors) text += (text.empty() ? "" : " ") + shape(tensor);
  return text.empty() ? "nothing" : text;
}

/// True for [1, rows, columns] or [rows, columns], columns at least least_columns.
bool is_table(const cv::Mat& tensor, int rows, int least_columns) {
  const int d = tensor.dims;
  return tensor.type() == CV_32F && (d == 2 || (d == 3 && tensor.size[0] == 1)) &&
         tensor.size[d - 2] == rows && tensor.size[d - 1] >= least_columns;
}

int columns(const cv::Mat& table) {
  return table.size[table.dims - 1];
}

std::span<const float> row(const cv::Mat& table, int index) {
  const auto width = static_cast<std::size_t>(columns(table));
  return {table.ptr<float>() + static_cast<std::size_t>(index) * width, width};
}

struct Best {
  int label;
  float score;
};

/// values: the scores of all classes.
Best best_of(std::span<const float> values, const std::vector<int>& labels) {
  Best best{labels.front(), -1};
  for (const int label : labels) {
    const float score = values[static_cast<std::size_t>(label)];
    if (score > best.score) best = {label, score};
  }
  return best;
}

/// Grids of cells, one for each stride, in the order in which the outputs list them.
struct Grid {
  int stride;
  int width;
  int height;
  int cells() const { return width * height; }
};

template <std::size_t N>
std::vector<Grid> grids(cv::Size input, const std::array<int, N>& strides) {
  std::vector<Grid> all;
  for (const int s : strides)
    all.push_back({s, (input.width + s - 1) / s, (input.height + s - 1) / s});
  return all;
}

int cells(const std::vector<Grid>& grids) {
  int sum = 0;
  for (const Grid& grid : grids) sum += grid.cells();
  return sum;
}

/// YOLOX (Ge et al. 2021, arXiv:2107.08430), exported without decoding in the graph: a row for
/// each cell: centre, size, objectness, classes.
class YoloxDecoder : public BoxDecoder {
 public:
  explicit YoloxDecoder(cv::Size input) : input_(input), grids_(grids(input, kYoloxStrides)) {}

  InputLayout layout() const override { return {.size = input_}; }

  int class_count(const std::vector<cv::Mat>& outputs) const override {
    if (outputs.size() != 1 || !is_table(outputs[0], cells(grids_), 6))
      throw std::runtime_error(
          fmt::format("gives {}, but yolox with input {}x{} has to give [1,{},5 + classes]",
                      shapes(outputs), input_.width, input_.height, cells(grids_)));
    for (int i = 0; i < cells(grids_); ++i) {
      for (const float score : row(outputs[0], i).subspan(4)) {
        if (!(score >= 0 && score <= 1))
          throw std::runtime_error(fmt::format(
              "gives the score {}, but yolox has to give 0..1: export it with its sigmoid", score));
      }
    }
    return columns(outputs[0]) - 5;
  }

  void decode(const std::vector<cv::Mat>& outputs, const std::vector<int>& labels, float threshold,
              std::vector<Candidate>& found) const override {
    int index = 0;
    for (const Grid& grid : grids_) {
      const auto stride = static_cast<float>(grid.stride);
      for (int y = 0; y < grid.height; ++y) {
        for (int x = 0; x < grid.width; ++x, ++index) {
          const std::span<const float> o = row(outputs[0], index);
          if (o[4] < threshold) continue;
          const auto [label, score] = best_of(o.subspan(5), labels);
          if (o[4] * score < threshold) continue;
          const float width = std::exp(o[2]) * stride;
          const float height = std::exp(o[3]) * stride;
          found.push_back({{(o[0] + static_cast<float>(x)) * stride - width / 2,
                            (o[1] + static_cast<float>(y)) * stride - height / 2, width, height},
                           o[4] * score,
                           label});
        }
      }
    }
  }

 private:
  cv::Size input_;
  std::vector<Grid> grids_;
};

/// Generalised focal loss (Li et al. 2020, arXiv:2006.04388): the distance from the centre to each
/// side is the mean of a distribution over kBins steps of one stride.
cv::Rect2f box_from_distribution(std::span<const float> bins, float x, float y, float stride) {
  std::array<float, 4> side{};
  for (std::size_t s = 0; s < 4; ++s) {
    const std::span<const float> logits = bins.subspan(s * kBins, kBins);
    const float top = *std::max_element(logits.begin(), logits.end());
    float sum = 0;
    float weighted = 0;
    for (std::size_t b = 0; b < kBins; ++b) {
      const float e = std::exp(logits[b] - top);
      sum += e;
      weighted += e * static_cast<float>(b);
    }
    side[s] = weighted / sum * stride;
  }
  return {x - side[0], y - side[1], side[0] + side[2], side[1] + side[3]};
}

/// NanoDet-Plus (github.com/RangiLyu/nanodet): a row for each cell: classes, four distributions.
class NanodetPlusDecoder : public BoxDecoder {
 public:
  explicit NanodetPlusDecoder(cv::Size input)
      : input_(input), grids_(grids(input, kNanodetStrides)) {}

  InputLayout layout() const override {
    return {
        .size = input_,
        .mean = {kImageNetMean[2], kImageNetMean[1], kImageNetMean[0]},
        .scale = {1 / kImageNetDeviation[2], 1 / kImageNetDeviation[1], 1 / kImageNetDeviation[0]}};
  }

  int class_count(const std::vector<cv::Mat>& outputs) const override {
    if (outputs.size() != 1 || !is_table(outputs[0], cells(grids_), 4 * kBins + 1))
      throw std::runtime_error(
          fmt::format("gives {}, but nanodet_plus with input {}x{} has to give [1,{},classes + {}]",
                      shapes(outputs), input_.width, input_.height, cells(grids_), 4 * kBins));
    return columns(outputs[0]) - 4 * kBins;
  }

  void decode(const std::vector<cv::Mat>& outputs, const std::vector<int>& labels, float threshold,
              std::vector<Candidate>& found) const override {
    const auto classes = static_cast<std::size_t>(columns(outputs[0]) - 4 * kBins);
    int index = 0;
    for (const Grid& grid : grids_) {
      for (int y = 0; y < grid.height; ++y) {
        for (int x = 0; x < grid.width; ++x, ++index) {
          const std::span<const float> o = row(outputs[0], index);
          const auto [label, score] = best_of(o.first(classes), labels);
          if (score < threshold) continue;
          found.push_back(
              {box_from_distribution(o.subspan(classes), static_cast<float>(x * grid.stride),
                                     static_cast<float>(y * grid.stride),
                                     static_cast<float>(grid.stride)),
               score, label});
        }
      }
    }
  }

 private:
  cv::Size input_;
  std::vector<Grid> grids_;
};

/// PicoDet (Yu et al. 2021, arXiv:2111.00902): for each stride a table of classes, then for each
/// stride a table of distributions.
class PicodetDecoder : public BoxDecoder {
 public:
  explicit PicodetDecoder(cv::Size input) : input_(input), grids_(grids(input, kNanodetStrides)) {}

  InputLayout layout() const override {
    return {
        .size = input_,
        .keep_aspect = false,
        .rgb = true,
        .mean = kImageNetMean,
        .scale = {1 / kImageNetDeviation[0], 1 / kImageNetDeviation[1], 1 / kImageNetDeviation[2]}};
  }

  int class_count(const std::vector<cv::Mat>& outputs) const override {
    bool fits = outputs.size() == 2 * grids_.size();
    for (std::size_t i = 0; fits && i < grids_.size(); ++i) {
      const cv::Mat& bins = outputs[grids_.size() + i];
      fits = is_table(outputs[i], grids_[i].cells(), 1) &&
             is_table(bins, grids_[i].cells(), 4 * kBins) && columns(bins) == 4 * kBins &&
             columns(outputs[i]) == columns(outputs[0]);
    }
    if (!fits) {
      std::vector<int> rows;
      for (const Grid& grid : grids_) rows.push_back(grid.cells());
      throw std::runtime_error(fmt::format(
          "gives {}, but picodet with input {}x{} has to give [1,N,classes] for N = {}, then "
          "[1,N,{}] for the same",
          shapes(outputs), input_.width, input_.height, fmt::join(rows, ", "), 4 * kBins));
    }
    return columns(outputs[0]);
  }

  void decode(const std::vector<cv::Mat>& outputs, const std::vector<int>& labels, float threshold,
              std::vector<Candidate>& found) const override {
    for (std::size_t g = 0; g < grids_.size(); ++g) {
      const Grid& grid = grids_[g];
      const auto stride = static_cast<float>(grid.stride);
      for (int index = 0; index < grid.cells(); ++index) {
        const auto [label, score] = best_of(row(outputs[g], index), labels);
        if (score < threshold) continue;
        const float x = static_cast<float>(index % grid.width) * stride + (stride - 1) / 2;
        const float y = static_cast<float>(index / grid.width) * stride + (stride - 1) / 2;
        found.push_back(
            {box_from_distribution(row(outputs[grids_.size() + g], index), x, y, stride), score,
             label});
      }
    }
  }

 private:
  cv::Size input_;
  std::vector<Grid> grids_;
};

/// FastestDet (github.com/dog-qiuqiu/FastestDet): one map of stride 16 with the channels
/// objectness, box, classes.
class FastestdetDecoder : public BoxDecoder {
 public:
  explicit FastestdetDecoder(cv::Size input)
      : input_(input), grid_(grids(input, kFastestdetStrides).front()) {}

  InputLayout layout() const override {
    constexpr float kUnit = 1 / 255.0F;
    return {.size = input_, .keep_aspect = false, .scale = {kUnit, kUnit, kUnit}};
  }

  int class_count(const std::vector<cv::Mat>& outputs) const override {
    const bool fits = outputs.size() == 1 && outputs[0].type() == CV_32F && outputs[0].dims == 4 &&
                      outputs[0].size[0] == 1 && outputs[0].size[1] >= 6 &&
                      outputs[0].size[2] == grid_.height && outputs[0].size[3] == grid_.width;
    if (!fits)
      throw std::runtime_error(
          fmt::format("gives {}, but fastestdet with input {}x{} has to give [1,5 + classes,{},{}]",
                      shapes(outputs), input_.width, input_.height, grid_.height, grid_.width));
    return outputs[0].size[1] - 5;
  }

  void decode(const std::vector<cv::Mat>& outputs, const std::vector<int>& labels, float threshold,
              std::vector<Candidate>& found) const override {
    const auto at = [&](int channel, int cell) { return outputs[0].ptr<float>(0, channel)[cell]; };
    const auto sigmoid = [](float v) { return 1 / (1 + std::exp(-v)); };
    const auto width = static_cast<float>(input_.width);
    const auto height = static_cast<float>(input_.height);
    for (int cell = 0; cell < grid_.cells(); ++cell) {
      const float object = std::pow(std::max(at(0, cell), 0.0F), kObjectPower);
      if (object < threshold) continue;
      Best best{labels.front(), -1};
      for (const int label : labels) {
        if (at(5 + label, cell) > best.score) best = {label, at(5 + label, cell)};
      }
      const float score = object * std::pow(std::max(best.score, 0.0F), kClassPower);
      if (score < threshold) continue;
      const float x = (static_cast<float>(cell % grid_.width) + std::tanh(at(1, cell))) * width /
                      static_cast<float>(grid_.width);
      const float y = (static_cast<float>(cell / grid_.width) + std::tanh(at(2, cell))) * height /
                      static_cast<float>(grid_.height);
      const float w = sigmoid(at(3, cell)) * width;
      const float h = sigmoid(at(4, cell)) * height;
      found.push_back({{x - w / 2, y - h / 2, w, h}, score, best.label});
    }
  }

 private:
  cv::Size input_;
  Grid grid_;
};

}  // namespace

std::unique_ptr<BoxDecoder> make_box_decoder(NetworkFamily family, cv::Size input) {
  switch (family) {
    case NetworkFamily::yolox:
      return std::make_unique<YoloxDecoder>(input);
    case NetworkFamily::nanodet_plus:
      return std::make_unique<NanodetPlusDecoder>(input);
    case NetworkFamily::picodet:
      return std::make_unique<PicodetDecoder>(input);
    case NetworkFamily::fastestdet:
      return std::make_unique<FastestdetDecoder>(input);
  }
  throw std::logic_error("no such network family");
}

std::vector<Candidate> suppress(std::vector<Candidate> found, float same_iou, float any_iou,
                                std::size_t most) {
  const auto better = [](const Candidate& a, const Candidate& b) { return a.score > b.score; };
  if (found.size() > kMostCompared) {
    std::nth_element(found.begin(), found.begin() + kMostCompared, found.end(), better);
    found.resize(kMostCompared);
  }
  std::sort(found.begin(), found.end(), better);
  std::vector<Candidate> kept;
  for (const Candidate& candidate : found) {
    if (kept.size() == most) break;
    const bool hidden = std::any_of(kept.begin(), kept.end(), [&](const Candidate& other) {
      return iou(candidate.box, other.box) > (candidate.label == other.label ? same_iou : any_iou);
    });
    if (!hidden) kept.push_back(candidate);
  }
  return kept;
}

}  // namespace rearview

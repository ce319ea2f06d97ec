#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace rearview::test {

/// Writes protocol buffer fields (protobuf.dev/programming-guides/encoding).
class Proto {
 public:
  Proto& number(int field, std::uint64_t value) {
    varint(static_cast<std::uint64_t>(field) << 3);
    varint(value);
    return *this;
  }
  Proto& bytes(int field, std::string_view value) {
    varint(static_cast<std::uint64_t>(field) << 3 | 2);
    varint(value.size());
    text_ += value;
    return *this;
  }
  const std::string& text() const { return text_; }

 private:
  void varint(std::uint64_t value) {
    for (; value >= 128; value >>= 7) text_ += static_cast<char>(value | 128);
    text_ += static_cast<char>(value);
  }
  std::string text_;
};

/// Field numbers: onnx.proto of ONNX 1.11.
inline std::string onnx_node(const char* op, const std::vector<std::string>& inputs,
                             const char* output, const std::vector<std::uint64_t>& kernel = {}) {
  Proto node;
  for (const std::string& input : inputs) node.bytes(1, input);
  node.bytes(2, output).bytes(3, output).bytes(4, op);
  if (!kernel.empty()) {
    Proto attribute;
    attribute.bytes(1, "kernel_shape");
    for (const std::uint64_t k : kernel) attribute.number(8, k);
    node.bytes(5, attribute.number(20, 7).text());
  }
  return node.text();
}

template <typename T>
std::string onnx_tensor(const char* name, const std::vector<std::uint64_t>& shape,
                        std::uint64_t type, const std::vector<T>& values) {
  Proto tensor;
  for (const std::uint64_t side : shape) tensor.number(1, side);
  std::string raw(values.size() * sizeof(T), '\0');
  std::memcpy(raw.data(), values.data(), raw.size());
  return tensor.number(2, type).bytes(8, name).bytes(9, raw).text();
}

inline std::string onnx_value(const char* name, const std::vector<std::uint64_t>& shape) {
  Proto sides;
  for (const std::uint64_t side : shape) sides.bytes(1, Proto().number(1, side).text());
  const Proto tensor = Proto().number(1, 1).bytes(2, sides.text());
  return Proto().bytes(1, name).bytes(2, Proto().bytes(1, tensor.text()).text()).text();
}

/// A network in YOLOX's form for pictures of 32x32 (21 cells) and `classes` classes. The first
/// cell (x 0..8, y 0..8) holds a box of 8x8 about (4, 4); its objectness is the mean of the blue
/// channel / 255, its class 0 is certain. All else is 0. Loose: with an attribute that ONNX doesn't
/// know there; OpenCV doesn't mind.
inline std::filesystem::path write_tiny_yolox(const std::filesystem::path& file, int classes,
                                              bool loose = false) {
  constexpr std::uint64_t kFloat = 1;
  constexpr std::uint64_t kInt64 = 7;
  constexpr std::uint64_t kCells = 21;
  const auto width = static_cast<std::uint64_t>(5 + classes);
  const std::uint64_t values = kCells * width;
  std::vector<float> weight(values * 3);
  weight[std::size_t{4} * 3] = 1 / 255.0F;
  std::vector<float> bias(values);
  bias[0] = bias[1] = 0.5F;
  bias[5] = 1;
  const std::vector<std::int64_t> shape{1, kCells, static_cast<std::int64_t>(width)};
  const std::vector<std::uint64_t> kernel(loose ? 1 : 0, 1);
  const Proto graph = Proto()
                          .bytes(1, onnx_node("AveragePool", {"picture"}, "mean", {32, 32}))
                          .bytes(1, onnx_node("Conv", {"mean", "weight", "bias"}, "flat", {1, 1}))
                          .bytes(1, onnx_node("Reshape", {"flat", "shape"}, "rows", kernel))
                          .bytes(2, "tiny")
                          .bytes(5, onnx_tensor("weight", {values, 3, 1, 1}, kFloat, weight))
                          .bytes(5, onnx_tensor("bias", {values}, kFloat, bias))
                          .bytes(5, onnx_tensor("shape", {3}, kInt64, shape))
                          .bytes(11, onnx_value("picture", {1, 3, 32, 32}))
                          .bytes(12, onnx_value("rows", {1, kCells, width}));
  const Proto model =
      Proto().number(1, 7).bytes(7, graph.text()).bytes(8, Proto().number(2, 11).text());
  std::ofstream(file, std::ios::binary) << model.text();
  return file;
}

}  // namespace rearview::test

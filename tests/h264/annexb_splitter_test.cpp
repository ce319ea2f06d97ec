#include "h264/annexb_splitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <random>

#include "tests/support/test_stream.h"

namespace rearview::h264 {
namespace {

using Bytes = std::vector<std::uint8_t>;

struct Nal {
  Bytes bytes;
  std::size_t start_code_size = 0;
  bool operator==(const Nal&) const = default;
};

struct Split {
  std::vector<Nal> nals;
  std::uint64_t discarded = 0;
  std::uint64_t oversized = 0;
  bool operator==(const Split&) const = default;
};

// What annex B says, byte by byte and with no thought of speed.
Split split_slowly(const Bytes& stream, std::size_t max_nal_bytes = 4 << 20) {
  std::vector<std::size_t> ends;  // one behind each 00 00 01
  for (std::size_t i = 2; i < stream.size(); ++i) {
    if (stream[i] == 1 && stream[i - 1] == 0 && stream[i - 2] == 0) ends.push_back(i + 1);
  }
  const auto solid_end = [&](std::size_t begin, std::size_t end) {
    while (end > begin && stream[end - 1] == 0) --end;
    return end;
  };
  Split split;
  split.discarded = solid_end(0, ends.empty() ? stream.size() : ends[0] - 3);
  for (std::size_t n = 0; n < ends.size(); ++n) {
    const bool last = n + 1 == ends.size();
    const std::size_t end = solid_end(ends[n], last ? stream.size() : ends[n + 1] - 3);
    Nal nal;
    nal.start_code_size = ends[n] >= 4 && stream[ends[n] - 4] == 0 ? 4 : 3;
    if (end == ends[n]) {
      if (!last) split.discarded += nal.start_code_size;
      continue;
    }
    nal.bytes.assign(stream.begin() + static_cast<std::ptrdiff_t>(ends[n] - nal.start_code_size),
                     stream.begin() + static_cast<std::ptrdiff_t>(end));
    if (nal.bytes.size() > max_nal_bytes) {
      ++split.oversized;
      split.discarded += nal.bytes.size();
    } else {
      split.nals.push_back(std::move(nal));
    }
  }
  return split;
}

class Collector {
 public:
  explicit Collector(std::size_t max_nal_bytes = 4 << 20) : splitter(max_nal_bytes) {}
  void push(std::span<const std::uint8_t> chunk) { splitter.push(chunk, sink()); }
  Split finish() {
    splitter.flush(sink());
    split.discarded = splitter.discarded_bytes();
    split.oversized = splitter.oversized();
    return split;
  }
  AnnexBSplitter::Sink sink() {
    return [this](const NalUnit& nal) {
      split.nals.push_back({Bytes(nal.bytes.begin(), nal.bytes.end()), nal.start_code_size});
    };
  }
  AnnexBSplitter splitter;
  Split split;
};

Split split_at(const Bytes& stream, std::vector<std::size_t> cuts,
               std::size_t max_nal_bytes = 4 << 20) {
  Collector collector(max_nal_bytes);
  cuts.push_back(stream.size());
  std::size_t from = 0;
  for (const std::size_t to : cuts) {
    collector.push(std::span(stream).subspan(from, to - from));
    from = to;
  }
  return collector.finish();
}

Split split_randomly(const Bytes& stream, std::mt19937& random, std::size_t longest,
                     std::size_t max_nal_bytes = 4 << 20) {
  std::vector<std::size_t> cuts;
  for (std::size_t at = random() % longest; at < stream.size(); at += random() % longest)
    cuts.push_back(at);
  return split_at(stream, cuts, max_nal_bytes);
}

// Few values make start codes, near misses and runs of zeros frequent.
Bytes random_bytes(std::mt19937& random, std::size_t size) {
  Bytes bytes(size);
  for (auto& byte : bytes) {
    const auto dice = random() % 8;
    byte = static_cast<std::uint8_t>(dice < 4 ? 0 : dice < 6 ? 1 : random());
  }
  return bytes;
}

TEST(AnnexBSplitter, ReadsBothStartCodes) {
  const Bytes stream = {0, 0, 0, 1, 0x67, 1, 2, 0, 0, 1, 0x68, 3, 0, 0, 0, 1, 0x65, 4};
  const Split split = split_at(stream, {});
  ASSERT_EQ(split.nals.size(), 3U);
  EXPECT_EQ(split.nals[0], (Nal{{0, 0, 0, 1, 0x67, 1, 2}, 4}));
  EXPECT_EQ(split.nals[1], (Nal{{0, 0, 1, 0x68, 3}, 3}));
  EXPECT_EQ(split.nals[2], (Nal{{0, 0, 0, 1, 0x65, 4}, 4}));
  EXPECT_EQ(split.discarded, 0U);
}

TEST(AnnexBSplitter, ZerosBehindANalUnitBelongToNone) {
  const Bytes stream = {0, 0, 0, 0, 0, 1, 0x67, 5, 0, 0, 0, 0, 0, 0, 1, 0x68, 6, 0, 0, 0};
  const Split split = split_at(stream, {});
  ASSERT_EQ(split.nals.size(), 2U);
  EXPECT_EQ(split.nals[0].bytes, (Bytes{0, 0, 0, 1, 0x67, 5}));
  EXPECT_EQ(split.nals[1].bytes, (Bytes{0, 0, 0, 1, 0x68, 6}));
  EXPECT_EQ(split.discarded, 0U);
}

TEST(AnnexBSplitter, ZerosInsideAreKept) {
  const Bytes stream = {0, 0, 1, 0x65, 0, 0, 3, 0, 0, 0, 7, 0, 0, 1, 9};
  const Split split = split_at(stream, {});
  ASSERT_EQ(split.nals.size(), 2U);
  EXPECT_EQ(split.nals[0].bytes, (Bytes{0, 0, 1, 0x65, 0, 0, 3, 0, 0, 0, 7}));
}

TEST(AnnexBSplitter, CountsWhatBelongsToNoNalUnit) {
  const Bytes stream = {9, 8, 0, 7, 0, 0, 0, 1, 0x67, 0, 0, 1, 0, 0, 1, 0x68};
  const Split split = split_at(stream, {});
  ASSERT_EQ(split.nals.size(), 2U);
  EXPECT_EQ(split.discarded, 4U + 3U) << "four bytes of garbage, one start code with nothing";
}

TEST(AnnexBSplitter, EveryPairOfCutsGivesTheSame) {
  test::StreamOptions options;
  options.width = 64;
  options.height = 48;
  options.slices = 2;
  options.quantiser = 45;
  Bytes stream = test::make_h264(4, options);
  // The encoder's SEI is long and has no start code in it.
  const auto sei = std::search(stream.begin(), stream.end(), std::begin("x264 - core"),
                               std::begin("x264 - core") + 11);
  if (sei != stream.end()) stream.erase(sei, std::min(sei + 600, stream.end()));
  ASSERT_LT(stream.size(), 2000U);
  const Split expected = split_slowly(stream);
  ASSERT_GT(expected.nals.size(), 8U);
  for (std::size_t first = 0; first <= stream.size(); ++first) {
    for (std::size_t second = first; second <= stream.size(); ++second)
      ASSERT_EQ(split_at(stream, {first, second}), expected) << first << ' ' << second;
  }
}

TEST(AnnexBSplitter, RandomChunksOfALongStreamGiveTheSame) {
  test::StreamOptions options;
  options.slices = 3;
  options.noise = 40;
  const Bytes stream = test::make_h264(40, options);
  const Split expected = split_slowly(stream);
  ASSERT_GT(expected.nals.size(), 150U);
  std::mt19937 random(1);
  for (const std::size_t longest : {2U, 3U, 5U, 64U, 1500U, 100000U})
    EXPECT_EQ(split_randomly(stream, random, longest), expected) << longest;
}

TEST(AnnexBSplitter, GarbageGivesTheSameInAnyChunks) {
  std::mt19937 random(2);
  for (int round = 0; round < 3000; ++round) {
    const Bytes stream = random_bytes(random, random() % 200);
    const std::size_t limit = 4 + random() % 20;
    const Split expected = split_slowly(stream, limit);
    ASSERT_EQ(split_at(stream, {}, limit), expected);
    ASSERT_EQ(split_randomly(stream, random, 2, limit), expected);
    ASSERT_EQ(split_randomly(stream, random, 9, limit), expected);
  }
}

TEST(AnnexBSplitter, DropsANalUnitOverTheLimitAndGoesOn) {
  Bytes stream = {0, 0, 0, 1, 0x65};
  stream.insert(stream.end(), 1000, 0xaa);
  stream.insert(stream.end(), {0, 0, 0, 1, 0x41, 1, 0, 0, 1, 9});
  for (const std::size_t cut : {std::size_t{3}, std::size_t{500}, stream.size()}) {
    const Split split = split_at(stream, {cut}, 100);
    EXPECT_EQ(split.oversized, 1U);
    EXPECT_EQ(split.discarded, 1005U);
    ASSERT_EQ(split.nals.size(), 2U);
    EXPECT_EQ(split.nals[0].bytes, (Bytes{0, 0, 0, 1, 0x41, 1}));
  }
}

TEST(AnnexBSplitter, HoldsNoMoreThanTheLimit) {
  Collector collector(1000);
  const Bytes start = {0, 0, 0, 1, 0x65};
  const Bytes payload(300, 0x55);
  const Bytes zeros(300, 0);
  collector.push(start);
  for (int i = 0; i < 1000; ++i) {
    collector.push(i % 2 == 0 ? payload : zeros);
    ASSERT_LE(collector.splitter.pending_bytes(), 1000U);
  }
  EXPECT_EQ(collector.splitter.oversized(), 1U);
}

TEST(AnnexBSplitter, EndlessZerosTakeNoMemoryAndDoNotSpoilTheNalUnit) {
  Collector collector(1000);
  collector.push(Bytes{0, 0, 0, 1, 0x67, 1});
  const Bytes zeros(100000, 0);
  for (int i = 0; i < 100; ++i) collector.push(zeros);
  EXPECT_LE(collector.splitter.pending_bytes(), 6U);
  collector.push(Bytes{1, 0x68, 2});
  const Split split = collector.finish();
  ASSERT_EQ(split.nals.size(), 2U);
  EXPECT_EQ(split.nals[0].bytes, (Bytes{0, 0, 0, 1, 0x67, 1}));
  EXPECT_EQ(split.nals[1].bytes, (Bytes{0, 0, 0, 1, 0x68, 2}));
}

TEST(AnnexBSplitter, OpenShowsWhatHasArrived) {
  Collector collector;
  EXPECT_FALSE(collector.splitter.open());
  collector.push(Bytes{0, 0, 0, 1});
  EXPECT_FALSE(collector.splitter.open()) << "no header byte yet";
  collector.push(Bytes{9});
  ASSERT_TRUE(collector.splitter.open());
  EXPECT_EQ(collector.splitter.open()->type(), NalType::access_unit_delimiter);
  EXPECT_TRUE(collector.split.nals.empty());
  collector.push(Bytes{0xf0, 0, 0, 1});
  EXPECT_FALSE(collector.splitter.open());
  EXPECT_EQ(collector.split.nals.size(), 1U);
}

TEST(AnnexBSplitter, WhatComesBehindAFlushIsDiscardedUpToTheNextStartCode) {
  Collector collector;
  collector.push(Bytes{0, 0, 1, 0x41, 1, 2, 0});
  collector.splitter.flush(collector.sink());
  ASSERT_EQ(collector.split.nals.size(), 1U);
  EXPECT_EQ(collector.split.nals[0].bytes, (Bytes{0, 0, 1, 0x41, 1, 2}));
  EXPECT_EQ(collector.splitter.discarded_bytes(), 0U);
  collector.push(Bytes{3, 4});
  EXPECT_EQ(collector.splitter.discarded_bytes(), 3U) << "the zero was payload after all";
  collector.push(Bytes{0, 0, 1, 9, 0xf0});
  EXPECT_EQ(collector.splitter.discarded_bytes(), 3U);
  ASSERT_TRUE(collector.splitter.open());
}

TEST(AnnexBSplitter, AFlushBetweenTheBytesOfAStartCodeLosesNothing) {
  Collector collector;
  collector.push(Bytes{0, 0, 1, 0x41, 1, 0, 0});
  collector.splitter.flush(collector.sink());
  collector.push(Bytes{0, 1});
  collector.splitter.flush(collector.sink());  // nothing to deliver yet
  collector.push(Bytes{9, 0xf0});
  const Split split = collector.finish();
  ASSERT_EQ(split.nals.size(), 2U);
  EXPECT_EQ(split.nals[1], (Nal{{0, 0, 0, 1, 9, 0xf0}, 4}));
  EXPECT_EQ(split.discarded, 0U);
}

TEST(AnnexBSplitter, ResetForgetsWhatWasHeld) {
  Collector collector;
  collector.push(Bytes{0, 0, 1, 0x41, 1, 0, 0});
  collector.splitter.reset();
  collector.push(Bytes{1, 0x65, 2, 0, 0, 1, 0x41});
  const Split split = collector.finish();
  ASSERT_EQ(split.nals.size(), 1U);
  EXPECT_EQ(split.nals[0].bytes, (Bytes{0, 0, 1, 0x41}));
  EXPECT_EQ(split.discarded, 3U);
}

// Not pass/fail by time, but quadratic work on 16 MiB in small pieces would run into the time-out.
TEST(AnnexBSplitter, SpeedIsLinearInAnyChunks) {
  std::mt19937_64 random(3);
  Bytes stream(16 << 20);
  for (auto& byte : stream) byte = static_cast<std::uint8_t>(random() >> 32 | 2);
  for (std::size_t at = 0; at + 4 < stream.size(); at += 8000) {
    stream[at] = stream[at + 1] = stream[at + 2] = 0;
    stream[at + 3] = 1;
  }
  const Bytes ones(stream.size(), 1);
  const std::vector<std::pair<const char*, const Bytes*>> inputs = {{"video", &stream},
                                                                    {"ones", &ones}};
  for (const auto& [name, input] : inputs) {
    for (const std::size_t chunk : {std::size_t{1}, std::size_t{1448}, std::size_t{65536}}) {
      AnnexBSplitter splitter(32 << 20);
      std::size_t nals = 0;
      const auto sink = [&](const NalUnit&) { ++nals; };
      const auto start = std::chrono::steady_clock::now();
      for (std::size_t at = 0; at < input->size(); at += chunk)
        splitter.push(std::span(*input).subspan(at, std::min(chunk, input->size() - at)), sink);
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
      RecordProperty(std::string(name) + "_chunk_" + std::to_string(chunk) + "_MBps",
                     static_cast<int>(static_cast<double>(input->size()) / 1e6 / took.count()));
      EXPECT_EQ(nals, input == &stream ? (stream.size() - 4) / 8000 : 0);
    }
  }
}

}  // namespace
}  // namespace rearview::h264

#include "app/nalu_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/error.h"
#include "base/temporary_folder.h"
#include "tests/support/fake_camera.h"
#include "tests/support/test_stream.h"

namespace rearview {
namespace {

using Bytes = std::vector<std::uint8_t>;
using ::testing::HasSubstr;

// The device's stream as the tutorial's tool prints it: SPS 38 bytes, PPS 9, IDR, then AUD 6 and
// non-IDR in turn; the bytes inside are of no matter to the list.
Bytes like_the_tutorial() {
  Bytes stream;
  const auto add = [&](std::uint8_t header, std::size_t length) {
    stream.insert(stream.end(), {0, 0, 0, 1, header});
    stream.insert(stream.end(), length - 5, 0x9a);
  };
  add(0x67, 38);
  add(0x68, 9);
  add(0x65, 24655);
  add(0x09, 6);
  add(0x41, 7726);
  add(0x09, 6);
  add(0x41, 3781);
  add(0x09, 6);
  return stream;
}

std::string output_of(const NaluOptions& options) {
  testing::internal::CaptureStdout();
  const int code = nalu_command(options);
  std::fflush(stdout);
  const std::string out = testing::internal::GetCapturedStdout();
  EXPECT_EQ(code, kExitDone);
  return out;
}

class TemporaryFile {
 public:
  TemporaryFile(const std::string& ending, const Bytes& bytes)
      : path_(folder_ / ("stream" + ending)) {
    std::ofstream out(path_, std::ios::binary);
    for (const auto byte : bytes) out.put(static_cast<char>(byte));
  }
  std::string path() const { return path_.string(); }

 private:
  TemporaryFolder folder_;
  std::filesystem::path path_;
};

TEST(NaluCommand, PrintsTheTutorialsLines) {
  const TemporaryFile file(".h264", like_the_tutorial());
  EXPECT_THAT(output_of({file.path(), false}),
              ::testing::StartsWith(
                  "Found NALU, Type: Sequence parameter set, Length: 38 bytes\n"
                  "Found NALU, Type: Picture parameter set, Length: 9 bytes\n"
                  "Found NALU, Type: Coded slice of an IDR picture, Length: 24655 bytes\n"
                  "Found NALU, Type: Access unit delimiter, Length: 6 bytes\n"
                  "Found NALU, Type: Coded slice of a non-IDR picture, Length: 7726 bytes\n"
                  "Found NALU, Type: Access unit delimiter, Length: 6 bytes\n"
                  "Found NALU, Type: Coded slice of a non-IDR picture, Length: 3781 bytes\n"
                  "Found NALU, Type: Access unit delimiter, Length: 6 bytes\n"
                  "Summary\n"));
}

TEST(NaluCommand, SummarisesTheStream) {
  test::StreamOptions options;
  options.slices = 3;
  options.fps = 25;
  const TemporaryFile file(".h264", test::make_h264(35, options));
  const std::string out = output_of({file.path(), false});
  EXPECT_THAT(out, HasSubstr("resolution          320x192\n"));
  EXPECT_THAT(out, HasSubstr("25 fps by the SPS"));
  EXPECT_THAT(out, HasSubstr("GOP                 10 pictures\n"));
  EXPECT_THAT(out, HasSubstr("kbit/s\n"));
  EXPECT_THAT(out, HasSubstr("delimiters          before 34 of 35 pictures\n"));
  EXPECT_THAT(out, HasSubstr("Constrained Baseline, level"));
  EXPECT_THAT(out, HasSubstr("B-frames            none\n"));
  EXPECT_THAT(out, HasSubstr("slices per picture  3\n"));
}

TEST(NaluCommand, JsonIsOneObjectALineAndTheLastIsTheSummary) {
  const TemporaryFile file(".h264", test::make_h264(12));
  std::istringstream lines(output_of({file.path(), true}));
  std::vector<nlohmann::json> objects;
  for (std::string line; std::getline(lines, line);) objects.push_back(nlohmann::json::parse(line));
  ASSERT_GT(objects.size(), 24U);
  EXPECT_EQ(objects[0]["type"], "nal");
  EXPECT_EQ(objects[0]["nal_unit_type"], 7);
  EXPECT_EQ(objects[0]["name"], "Sequence parameter set");
  EXPECT_EQ(objects[0]["start_code"], 4);
  const auto& summary = objects.back();
  EXPECT_EQ(summary["type"], "summary");
  EXPECT_EQ(summary["nal_units"], objects.size() - 1);
  EXPECT_EQ(summary["pictures"], 12);
  EXPECT_EQ(summary["width_px"], 320);
  EXPECT_EQ(summary["gop_pictures"]["most"], 10);
  EXPECT_TRUE(summary["fps_measured"].is_null()) << "a raw file carries no time";
}

TEST(NaluCommand, ReadsACameraUntilItCloses) {
  const Bytes stream = like_the_tutorial();
  test::FakeCamera camera(
      [&](test::FakeCamera::Client& client, int) { client.send_in_pieces(stream, 1000, 1); });
  const std::string out = output_of({camera.url(), false});
  EXPECT_THAT(out, HasSubstr("picture, Length: 24655 bytes\n"));
  EXPECT_THAT(out, HasSubstr("Summary\n"));
}

TEST(NaluCommand, WhatCannotBeOpenedIsSaid) {
  const TemporaryFolder empty;
  EXPECT_THROW(nalu_command({(empty / "file.h264").string(), false}), UsageError);
  EXPECT_THROW(nalu_command({"tcp://nowhere", false}), UsageError);
  const TemporaryFile text(".txt", Bytes(1000, 'x'));
  EXPECT_THROW(nalu_command({text.path(), false}), UsageError);
  EXPECT_THROW(nalu_command({"tcp://127.0.0.1:" + std::to_string(test::unused_port()), false}),
               std::runtime_error);
}

}  // namespace
}  // namespace rearview

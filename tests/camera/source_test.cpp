#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "base/temporary_folder.h"
#include "camera/libav.h"
#include "camera/source/coded_file.h"
#include "camera/source/decoded_file_source.h"
#include "camera/source/encoded_source.h"
#include "camera/source/file_source.h"
#include "camera/source/make_source.h"
#include "h264/access_unit.h"
#include "h264/annexb_splitter.h"
#include "h264/sps.h"
#include "tests/support/test_stream.h"

namespace rearview::camera {
namespace {

using h264::NalType;
using h264::NalUnit;
using test::StreamOptions;
using testing::ElementsAre;
using testing::HasSubstr;
using Bytes = std::vector<std::uint8_t>;

struct Nal {
  NalType type;
  Bytes body;
  std::size_t start_code_size;
};

std::vector<Nal> nals_of(const Bytes& stream) {
  std::vector<Nal> nals;
  h264::AnnexBSplitter splitter;
  const auto take = [&](const NalUnit& nal) {
    const auto body = nal.body();
    nals.push_back({nal.type(), {body.begin(), body.end()}, nal.start_code_size});
  };
  splitter.push(stream, take);
  splitter.flush(take);
  return nals;
}

Bytes read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(in), {});
}

std::string write_file(const std::filesystem::path& file, const Bytes& bytes) {
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  return file.string();
}

/// The same video in another container, by the ffmpeg command.
std::string remuxed(const std::string& raw, const std::string& file) {
  const std::string command =
      "ffmpeg -v error -y -r 30 -i '" + raw + "' -c copy '" + file + "' 2>&1";
  if (std::system(command.c_str()) != 0) throw std::runtime_error("ffmpeg can't write " + file);
  return file;
}

EncoderConfig x264() {
  EncoderConfig config;
  config.codec = Codec::x264;
  return config;
}

OpenedSource open(const std::string& input, const SourceConfig& given = {},
                  const EncoderConfig& encoder = x264()) {
  SourceConfig config = given;
  config.input = input;
  return open_source(config, {}, encoder, Pace::fastest);
}

// Drawing a large scene takes the longest of all this.
OpenedSource open_small_scene() {
  EncoderConfig encoder = x264();
  encoder.width_px = 128;
  encoder.height_px = 72;
  return open("scene", {}, encoder);
}

std::vector<CodedPicture> take(CodedSource& source, int count) {
  std::vector<CodedPicture> pictures;
  for (int i = 0; i < count; ++i) pictures.push_back(source.next({}).value());
  return pictures;
}

Bytes wire_of(const std::vector<CodedPicture>& pictures) {
  Bytes all;
  for (const auto& picture : pictures)
    all.insert(all.end(), picture.bytes.begin(), picture.bytes.end());
  return all;
}

class FilePassedThrough : public testing::TestWithParam<const char*> {
 protected:
  TemporaryFolder folder_;
};

// What the source sends is, NAL unit by NAL unit, what stands in the file, but for delimiters.
TEST_P(FilePassedThrough, ByItsOwnNalUnits) {
  StreamOptions options;
  options.gop = 10;
  options.short_start_codes = true;
  options.delimiters = test::Delimiters::before;
  const Bytes original = test::make_h264(35, options);
  std::string file = write_file(folder_ / "clip.h264", original);
  if (GetParam() != std::string("h264"))
    file = remuxed(file, folder_ / (std::string("clip.") + GetParam()));

  const auto opened = open("file:" + file);
  EXPECT_EQ(opened.source->info().codec, "passed through");
  EXPECT_FALSE(opened.source->request_idr());
  EXPECT_EQ(opened.source->info().width_px, 320);
  EXPECT_NEAR(opened.source->info().fps, 30, 0.1);
  const auto sent = nals_of(wire_of(take(*opened.source, 35)));

  std::vector<Bytes> expected;
  for (const Nal& nal : nals_of(original)) {
    if (nal.type != NalType::access_unit_delimiter) expected.push_back(nal.body);
  }
  std::vector<Bytes> got;
  for (const Nal& nal : sent) {
    EXPECT_EQ(nal.start_code_size, 4U);
    if (nal.type != NalType::access_unit_delimiter) got.push_back(nal.body);
  }
  EXPECT_EQ(got, expected);
}

TEST_P(FilePassedThrough, LoopsAtAnIdrWhileTimeGoesOn) {
  std::string file = write_file(folder_ / "clip.h264", test::make_h264(12, {}));
  if (GetParam() != std::string("h264"))
    file = remuxed(file, folder_ / (std::string("clip.") + GetParam()));
  const auto opened = open("file:" + file);
  const auto pictures = take(*opened.source, 40);
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    EXPECT_EQ(pictures[i].idr, i % 12 == 0 || i % 12 == 10) << "picture " << i;
    EXPECT_NEAR(seconds_between(pictures[0].captured, pictures[i].captured),
                static_cast<double>(i) / 30, 0.003)
        << "picture " << i;
  }
  EXPECT_EQ(pictures[0].bytes, pictures[12].bytes);
  EXPECT_EQ(pictures[11].bytes, pictures[35].bytes);
}

INSTANTIATE_TEST_SUITE_P(Containers, FilePassedThrough, testing::Values("h264", "mp4", "mkv"),
                         [](const auto& tested) { return std::string(tested.param); });

TEST(FileSource, ARawFilesRateIsItsSpsesOrElseTheSetting) {
  const TemporaryFolder folder;
  StreamOptions options;
  options.fps = 20;
  const std::string file = write_file(folder / "clip.h264", test::make_h264(10, options));
  EXPECT_NEAR(open("file:" + file).source->info().fps, 20, 0.01);

  // Without the VUI's timing: the SPS of another encoder.
  const std::string plain = folder / "plain.h264";
  const std::string command = "ffmpeg -v error -y -i '" + file +
                              "' -c copy -bsf:v h264_metadata=tick_rate=0 '" + plain + "' 2>&1";
  ASSERT_EQ(std::system(command.c_str()), 0);
  SourceConfig config;
  config.raw_fps = 50;
  const double fps = open("file:" + plain, config).source->info().fps;
  EXPECT_TRUE(std::abs(fps - 50) < 0.01 || std::abs(fps - 20) < 0.01) << fps;
}

struct Unfit {
  const char* name;
  StreamOptions options;
  const char* why;
};

class FileEncodedAgain : public testing::TestWithParam<Unfit> {};

TEST_P(FileEncodedAgain, BecauseItDoesNotFit) {
  const TemporaryFolder folder;
  const std::string file =
      write_file(folder / "clip.h264", test::make_h264(45, GetParam().options));
  const auto why = why_not_passed_through("file:" + file, 30, 1.0);
  ASSERT_TRUE(why);
  EXPECT_THAT(*why, HasSubstr(GetParam().why));

  SourceConfig config;
  config.max_gop_s = 1.0;
  const auto opened = open("file:" + file, config);
  const SourceInfo info = opened.source->info();
  EXPECT_EQ(info.codec, "libx264");
  EXPECT_TRUE(opened.source->request_idr());
  const auto pictures = take(*opened.source, 100);  // through the wrap
  EXPECT_TRUE(pictures[0].idr);
  for (std::size_t i = 0; i < pictures.size(); ++i)
    EXPECT_NEAR(seconds_between(pictures[0].captured, pictures[i].captured),
                static_cast<double>(i) / 30, 0.003);
}

StreamOptions with_b_frames() {
  StreamOptions options;
  options.b_frames = 2;
  options.preset = "fast";
  return options;
}
StreamOptions with_long_gop() {
  StreamOptions options;
  options.gop = 40;
  return options;
}

INSTANTIATE_TEST_SUITE_P(Files, FileEncodedAgain,
                         testing::Values(Unfit{"BFrames", with_b_frames(), "B-frames"},
                                         Unfit{"LongGop", with_long_gop(), "IDR only every 1.3 s"}),
                         [](const auto& tested) { return std::string(tested.param.name); });

// The beginning is inspected, the rest is not.
TEST(FileSource, BFramesInTheLaterPartAreEncodedWhileTimeGoesOn) {
  const TemporaryFolder folder;
  Bytes late = test::make_h264(20, {});
  const Bytes more = test::make_h264(20, with_b_frames());
  late.insert(late.end(), more.begin(), more.end());
  const std::string file = "file:" + write_file(folder / "clip.h264", late);
  int encoders = 0;
  FileSource source("late", file, 30, Pace::fastest, [&](const Pacer& pacer) {
    ++encoders;
    return std::make_unique<EncodedSource>(
        "late", std::make_unique<DecodedFileSource>(file, 30, 30, 1, pacer), x264());
  });
  EXPECT_EQ(source.info().codec, "passed through");
  EXPECT_FALSE(source.request_idr());
  const auto pictures = take(source, 70);
  EXPECT_EQ(encoders, 1);
  EXPECT_EQ(source.info().codec, "libx264");
  EXPECT_TRUE(source.request_idr());
  const auto last_idr =
      std::find_if(pictures.rbegin(), pictures.rend(), [](const auto& p) { return p.idr; });
  ASSERT_NE(last_idr, pictures.rend());
  EXPECT_EQ(h264::parse_sps(nals_of(last_idr->bytes)[0].body)->level_idc, 50);  // ours
  for (std::size_t i = 1; i < pictures.size(); ++i)
    EXPECT_NEAR(seconds_between(pictures[i - 1].captured, pictures[i].captured), 1.0 / 30, 0.04);
}

TEST(DecodedFile, KeepsThePictureWholeAndUndistorted) {
  const TemporaryFolder folder;
  // 4:3, and faster than the encoder: black at both sides, every second picture left out.
  const std::string file = folder / "square.mp4";
  const std::string command =
      "ffmpeg -v error -y -f lavfi -i color=white:s=320x240:r=60:d=1 -c:v mpeg4 '" + file +
      "' 2>&1";
  ASSERT_EQ(std::system(command.c_str()), 0);
  const auto opened = open("file:" + file);
  EXPECT_NEAR(opened.source->info().fps, 30, 0.01);
  const auto pictures = take(*opened.source, 30);
  EXPECT_NEAR(seconds_between(pictures.front().captured, pictures.back().captured), 29.0 / 30,
              0.02);

  write_file(folder / "sent.h264", wire_of(pictures));
  const std::string probe = "ffmpeg -v error -y -i '" + (folder / "sent.h264").string() +
                            "' -frames:v 1 -f rawvideo -pix_fmt gray '" +
                            (folder / "gray").string() + "' 2>&1";
  ASSERT_EQ(std::system(probe.c_str()), 0);
  const Bytes gray = read_file(folder / "gray");
  ASSERT_EQ(gray.size(), 640U * 360U);
  const auto at = [&](std::size_t x, std::size_t y) { return static_cast<int>(gray[y * 640 + x]); };
  EXPECT_LT(at(40, 180), 40);
  EXPECT_GT(at(100, 180), 200);
  EXPECT_GT(at(320, 5), 200);
  EXPECT_GT(at(320, 354), 200);
  EXPECT_GT(at(540, 180), 200);
  EXPECT_LT(at(600, 180), 40);
}

TEST(Scene, ComesAsTheDeviceSendsIt) {
  const auto opened = open("scene");
  const auto pictures = take(*opened.source, 70);
  std::vector<NalType> types;
  for (const Nal& nal : nals_of(wire_of({pictures[0], pictures[1], pictures[2]}))) {
    EXPECT_EQ(nal.start_code_size, 4U);
    types.push_back(nal.type);
  }
  EXPECT_THAT(types, ElementsAre(NalType::sps, NalType::pps, NalType::idr_slice,
                                 NalType::access_unit_delimiter, NalType::non_idr_slice,
                                 NalType::access_unit_delimiter, NalType::non_idr_slice,
                                 NalType::access_unit_delimiter));
  const auto sps = h264::parse_sps(nals_of(pictures[0].bytes)[0].body);
  ASSERT_TRUE(sps);
  EXPECT_EQ(sps->width_px, 640);
  EXPECT_EQ(sps->height_px, 360);
  EXPECT_EQ(sps->level_idc, 50);
  EXPECT_NEAR(sps->fps.value_or(0), 30, 0.01);
  EXPECT_EQ(sps->max_num_reorder_frames.value_or(0), 0);
  for (std::size_t i = 0; i < pictures.size(); ++i) EXPECT_EQ(pictures[i].idr, i % 60 == 0);
}

TEST(Scene, KeepsToItsBitrate) {
  const auto opened = open("scene");
  std::size_t bytes = 0;
  for (const auto& picture : take(*opened.source, 150)) bytes += picture.bytes.size();
  const double mbps = static_cast<double>(bytes) * 8 / 5 / 1e6;
  EXPECT_LT(mbps, 1.15);
}

TEST(Scene, AForcedIdrComesWithTheNextPictureButNotTooOften) {
  const auto opened = open_small_scene();
  take(*opened.source, 20);
  opened.source->request_idr();
  EXPECT_TRUE(opened.source->next({})->idr);  // picture 20: 0.67 s behind the first

  // Asked for with every picture, at 500 ms no more than two a second come.
  int idrs = 0;
  for (int i = 0; i < 300; ++i) {
    opened.source->request_idr();
    idrs += opened.source->next({})->idr ? 1 : 0;
  }
  EXPECT_GE(idrs, 19);
  EXPECT_LE(idrs, 20);
}

TEST(Scene, KnowsTheTruth) {
  const auto opened = open_small_scene();
  ASSERT_TRUE(opened.truth);
  take(*opened.source, 3);
  const auto truth = opened.truth();
  EXPECT_EQ(truth.at("fps"), 30);
  EXPECT_TRUE(truth.at("events").is_array());
}

TEST(Source, WhatCanNotBePlayedIsRefusedInOneSentence) {
  const TemporaryFolder folder;
  write_file(folder / "text.mp4", {'h', 'e', 'l', 'l', 'o'});
  const auto message = [](const std::string& input) -> std::string {
    try {
      open(input);
      return "no error";
    } catch (const UsageError& e) {
      return e.what();
    }
  };
  EXPECT_EQ(message("film"),
            "\"film\" is not a source; known: scene, file:PATH, v4l2:DEVICE, rpicam, or a URL");
  EXPECT_EQ(message("file:"),
            "\"file:\" is not a source; known: scene, file:PATH, v4l2:DEVICE, rpicam, or a URL");
  const std::string missing = "file:" + (folder / "missing.mp4").string();
  EXPECT_EQ(message(missing), "source " + missing + ": there is no such file");
  EXPECT_THAT(message("file:" + folder.path().string()), HasSubstr("there is no such file"));
  EXPECT_THAT(message("file:" + (folder / "text.mp4").string()),
              HasSubstr("text.mp4: can't be played"));
}

}  // namespace
}  // namespace rearview::camera

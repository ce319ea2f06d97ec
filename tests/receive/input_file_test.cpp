#include "receive/input_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <string_view>
#include <thread>

#include "base/error.h"
#include "base/temporary_folder.h"
#include "receive/recording_reader.h"
#include "tests/support/loopback_listener.h"
#include "tests/support/test_stream.h"

namespace rearview {
namespace {

using Bytes = std::vector<std::uint8_t>;
namespace fs = std::filesystem;

class Inputs : public ::testing::Test {
 protected:
  std::string name(const std::string& file) const { return (folder_ / file).string(); }
  std::string write(const std::string& file, const Bytes& bytes) const {
    std::ofstream out(folder_ / file, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
    return name(file);
  }
  /// A named pipe, and a writer that opens it some time later.
  std::string pipe(const std::string& file, const Bytes& bytes) {
    const std::string path = name(file);
    EXPECT_EQ(mkfifo(path.c_str(), 0600), 0);
    writer_ = std::jthread([path, bytes] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      const int target = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
      for (std::size_t at = 0; at < bytes.size();) {
        const ssize_t size =
            ::write(target, bytes.data() + at, std::min<std::size_t>(1400, bytes.size() - at));
        if (size <= 0) break;
        at += static_cast<std::size_t>(size);
      }
      ::close(target);
    });
    return path;
  }

  const TemporaryFolder folder_;
  std::jthread writer_;
};

Bytes all_of(InputFile& file) {
  Bytes all;
  std::array<std::uint8_t, 1000> buffer;
  while (const std::size_t size = file.read(buffer))
    all.insert(all.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size));
  return all;
}

Bytes bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::size_t pictures_of(const std::string& input) {
  RecordingReader reader(input, std::nullopt, 1);
  std::size_t pictures = 0;
  while (reader.next()) ++pictures;
  return pictures;
}

TEST_F(Inputs, AFileIsReadFromItsBeginningEachTime) {
  for (const int frames : {1, 40}) {
    const Bytes stream = test::make_h264(frames);
    InputFile file(write("a.h264", stream), {});
    EXPECT_TRUE(file.can_rewind() && file.holds_raw_h264());
    EXPECT_EQ(all_of(file), stream);
    file.rewind();
    EXPECT_EQ(all_of(file), stream);
  }
}

TEST_F(Inputs, APipeLosesNothing) {
  const Bytes stream = test::make_h264(40);
  InputFile file(pipe("noname", stream), {});
  EXPECT_FALSE(file.can_rewind());
  EXPECT_TRUE(file.holds_raw_h264());
  EXPECT_EQ(all_of(file), stream);
}

TEST_F(Inputs, WaitingForAPipesWriterEndsAtOnceWhenTold) {
  const std::string path = name("silent");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  std::stop_source stop;
  std::jthread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    stop.request_stop();
  });
  InputFile file(path, stop.get_token());
  EXPECT_TRUE(all_of(file).empty());
}

TEST_F(Inputs, RawH264ComesThroughAPipe) {
  EXPECT_EQ(pictures_of(pipe("raw", test::make_h264(35))), 35U);
}

TEST_F(Inputs, ARecordingThatNeedsNoSeekingComesThroughAPipe) {
  const std::string path = name("a.mkv");
  test::write_recording(path, "libx264", 33);
  EXPECT_EQ(pictures_of(pipe("mkv", bytes_of(path))), 33U);
}

TEST_F(Inputs, AnMp4WhoseIndexComesLastIsToldSoOfAPipe) {
  test::write_recording(name("a.mp4"), "libx264", 12);
  Bytes bytes = bytes_of(name("a.mp4"));
  // More between the pictures and the index than may be held back: an empty box of 1 MiB.
  const std::string_view kIndex = "moov";
  const auto index = std::search(bytes.begin(), bytes.end(), kIndex.begin(), kIndex.end()) - 4;
  Bytes room(1 << 20);
  const std::string_view kHead(
      "\x00\x10\x00\x00"
      "free",
      8);
  std::copy(kHead.begin(), kHead.end(), room.begin());
  bytes.insert(index, room.begin(), room.end());
  try {
    pictures_of(pipe("mp4", bytes));
    FAIL() << "it was read";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("give the file's name"));
  }
}

TEST_F(Inputs, WhatAFileNamesElsewhereIsNotFetched) {
  const test::LoopbackListener elsewhere;
  ASSERT_EQ(fcntl(elsewhere.fd(), F_SETFL, O_NONBLOCK), 0);
  const std::string at = "127.0.0.1:" + std::to_string(elsewhere.port());
  const std::map<std::string, std::string> lists{
      {"list.m3u8",
       "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nhttp://" + at + "/a.ts\n#EXT-X-ENDLIST\n"},
      {"list.ffconcat", "ffconcat version 1.0\nfile 'tcp://" + at + "'\n"},
      {"list.sdp",
       "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\n"
       "m=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n"}};
  for (const auto& [file, text] : lists) {
    const Bytes bytes(text.begin(), text.end());
    EXPECT_THROW(pictures_of(write(file, bytes)), std::runtime_error) << file;
    EXPECT_THROW(pictures_of(pipe(file + ".pipe", bytes)), std::runtime_error) << file;
    EXPECT_LT(elsewhere.accept(), 0) << file << " was followed";
  }
}

TEST_F(Inputs, AColonInANameIsNoProtocol) {
  const fs::path before = fs::current_path();
  test::write_recording(name("2024-11-14T22:57:44.mp4"), "libx264", 12);
  write("12:30", test::make_h264(5));
  fs::current_path(folder_.path());
  EXPECT_EQ(pictures_of("2024-11-14T22:57:44.mp4"), 12U);
  EXPECT_EQ(pictures_of("file:2024-11-14T22:57:44.mp4"), 12U);
  EXPECT_EQ(pictures_of("12:30"), 5U);
  fs::current_path(before);
}

TEST_F(Inputs, WhatCannotBeOpenedIsAUsageError) {
  EXPECT_THROW(InputFile(name("none"), {}), UsageError);
  EXPECT_THROW(InputFile(folder_.path().string(), {}), UsageError);
}

TEST_F(Inputs, AnEmptyFileIsToldSo) {
  try {
    pictures_of(write("empty.mp4", {}));
    FAIL() << "it was read";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("empty"));
  }
}

}  // namespace
}  // namespace rearview

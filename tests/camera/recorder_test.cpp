#include "camera/record/recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>

#include "base/temporary_folder.h"
#include "camera/record/mp4_cache.h"
#include "camera/record/thumbnailer.h"
#include "camera/source/media_input.h"
#include "camera/wire_format.h"
#include "tests/support/eventually.h"
#include "tests/support/test_stream.h"

namespace rearview::camera {
namespace {

void unexpected(const std::string& reason) {
  ADD_FAILURE() << reason;
}

namespace fs = std::filesystem;
using test::eventually;
using testing::ElementsAre;
using testing::HasSubstr;

/// Real pictures, one behind the other at 30 a second.
class Pictures {
 public:
  explicit Pictures(int gop = 10) {
    test::StreamOptions options;
    options.gop = gop;
    encoder_ = std::make_unique<test::TestEncoder>(options);
  }
  CodedPicturePtr next() {
    auto formed = wire_.format(encoder_->encode(number_));
    auto picture = std::make_shared<CodedPicture>();
    picture->bytes = std::move(formed.bytes);
    picture->idr = formed.idr;
    picture->captured = start_ + std::chrono::microseconds(std::int64_t{number_++} * 33333);
    return picture;
  }

 private:
  std::unique_ptr<test::TestEncoder> encoder_;
  WireFormat wire_{WireFormat::Sei::keep};
  SteadyTime start_ = SteadyClock::now();
  int number_ = 0;
};

struct Played {
  std::size_t pictures = 0;
  std::int64_t last_ms = 0;
  bool begins_with_key = false;
};

Played play(const fs::path& file) {
  MediaInput input("file:" + file.string());
  Played played;
  while (const AVPacket* packet = input.read()) {
    if (played.pictures == 0) played.begins_with_key = (packet->flags & AV_PKT_FLAG_KEY) != 0;
    ++played.pictures;
    played.last_ms = av_rescale_q(packet->pts, input.stream().time_base, AVRational{1, 1000});
  }
  return played;
}

std::vector<std::string> names(const Recordings& recordings) {
  std::vector<std::string> all;
  for (const auto& chunk : recordings.list()) all.push_back(chunk.path.filename().string());
  return all;
}

RecordConfig config_for(const TemporaryFolder& folder) {
  RecordConfig config;
  config.folder = folder.path() / "videos";
  config.chunk_s = 1;
  config.min_free_mb = 0;
  return config;
}

void touch(const fs::path& file, std::size_t size = 2000) {
  std::ofstream(file) << std::string(size, 'x');
}

TEST(Recorder, LosesNoPictureAcrossChunks) {
  const TemporaryFolder folder;
  const RecordConfig config = config_for(folder);
  Recordings recordings(config.folder);
  Pictures pictures;
  {
    Recorder recorder(config, recordings, unexpected);
    for (int i = 0; i < 105; ++i) recorder.publish(pictures.next());
    ASSERT_TRUE(eventually([&] { return recorder.status().pictures == 105; }));
    EXPECT_EQ(recorder.status().lost, 0U);
    EXPECT_EQ(recorder.status().chunk, "log0004.mkv");
    EXPECT_TRUE(recordings.list().back().open);
  }
  ASSERT_THAT(names(recordings),
              ElementsAre("log0001.mkv", "log0002.mkv", "log0003.mkv", "log0004.mkv"));
  std::size_t total = 0;
  for (const auto& chunk : recordings.list()) {
    const Played played = play(chunk.path);
    EXPECT_TRUE(played.begins_with_key) << chunk.path;
    total += played.pictures;
    if (chunk.number < 4) {
      EXPECT_EQ(played.pictures, 30U) << chunk.path;
      EXPECT_NEAR(static_cast<double>(played.last_ms), 29 * 33.333, 1.0) << chunk.path;
    }
    EXPECT_FALSE(chunk.open);
  }
  EXPECT_EQ(total, 105U);
}

TEST(Recorder, WhatIsWrittenCanBePlayedWithoutAnEnd) {
  const TemporaryFolder folder;
  const RecordConfig config = config_for(folder);
  Recordings recordings(config.folder);
  Pictures pictures(1000);
  Recorder recorder(config, recordings, unexpected);
  std::size_t published = 0;
  for (std::size_t count : {1U, 20U, 40U}) {
    for (; published < count; ++published) recorder.publish(pictures.next());
    ASSERT_TRUE(eventually([&] { return recorder.status().pictures == count; }));
    // A copy is what a program killed right now leaves behind.
    const fs::path copy = folder / "killed.mkv";
    fs::copy_file(recordings.list().back().path, copy, fs::copy_options::overwrite_existing);
    // A cluster of 100 ms holds four pictures, and the newest belongs to the next.
    EXPECT_GE(play(copy).pictures + 5, count);
    EXPECT_GE(play(copy).pictures, 1U);
  }
}

TEST(Recorder, NumberingGoesOnAndHalfWrittenChunksAreListed) {
  const TemporaryFolder folder;
  const RecordConfig config = config_for(folder);
  Recordings recordings(config.folder);
  touch(config.folder / "log0041.mkv");
  touch(config.folder / "log0042.mkv", 300);  // not even a header: killed at once
  touch(config.folder / "notes.txt");
  touch(config.folder / "log7.mkv");
  Pictures pictures;
  {
    Recorder recorder(config, recordings, unexpected);
    recorder.publish(pictures.next());
  }
  EXPECT_THAT(names(recordings), ElementsAre("log0041.mkv", "log0042.mkv"));
  EXPECT_EQ(play(recordings.list().back().path).pictures, 1U);
  EXPECT_TRUE(fs::exists(config.folder / "notes.txt"));
}

TEST(Recorder, KeepsToItsLimitsAndSparesTheLocked) {
  const TemporaryFolder folder;
  RecordConfig config = config_for(folder);
  config.max_chunks = 3;
  Recordings recordings(config.folder);
  touch(config.folder / "log0001.mkv");
  ASSERT_TRUE(recordings.set_locked("log0001.mkv", true));
  Pictures pictures;
  {
    Recorder recorder(config, recordings, unexpected);
    for (int i = 0; i < 150; ++i) recorder.publish(pictures.next());
    ASSERT_TRUE(eventually([&] { return recorder.status().pictures == 150; }));
    EXPECT_EQ(recorder.status().removed, 3U);
  }
  EXPECT_THAT(names(recordings), ElementsAre("log0001.mkv", "log0005.mkv", "log0006.mkv"));
}

TEST(Recorder, TheLimitInBytesHoldsToo) {
  const TemporaryFolder folder;
  RecordConfig config = config_for(folder);
  config.max_mb = 1;
  Recordings recordings(config.folder);
  touch(config.folder / "log0001.mkv", 600'000);
  touch(config.folder / "log0002.mkv", 600'000);
  Pictures pictures;
  Recorder recorder(config, recordings, unexpected);
  recorder.publish(pictures.next());
  ASSERT_TRUE(eventually([&] { return recorder.status().pictures == 1; }));
  EXPECT_THAT(names(recordings), ElementsAre("log0002.mkv", "log0003.mkv"));
}

TEST(Recorder, ResumesByItselfWhenTheDiskIsThereAgain) {
  const TemporaryFolder folder;
  const RecordConfig config = config_for(folder);
  touch(config.folder);  // a file stands where the folder should be
  Recordings recordings(config.folder);
  Pictures pictures;
  Recorder recorder(config, recordings, unexpected);
  recorder.publish(pictures.next());
  ASSERT_TRUE(eventually([&] { return !recorder.status().problem.empty(); }));
  EXPECT_FALSE(recorder.status().recording);
  EXPECT_EQ(recorder.status().failures, 1U);

  fs::remove(config.folder);
  ASSERT_TRUE(eventually([&] {
    recorder.publish(pictures.next());
    return recorder.status().recording;
  }));
  EXPECT_TRUE(recorder.status().problem.empty());
  EXPECT_GT(recorder.status().lost, 0U);
}

TEST(Recorder, CanBeSwitchedOffAndOn) {
  const TemporaryFolder folder;
  const RecordConfig config = config_for(folder);
  Recordings recordings(config.folder);
  Pictures pictures;
  Recorder recorder(config, recordings, unexpected);
  for (int i = 0; i < 5; ++i) recorder.publish(pictures.next());
  recorder.set_active(false);
  ASSERT_TRUE(
      eventually([&] { return recorder.status().pictures == 5 && !recorder.status().recording; }));
  EXPECT_EQ(play(recordings.list().at(0).path).pictures, 5U);
  recorder.publish(pictures.next());  // number 5: nobody wants it
  recorder.set_active(true);
  // 6 to 9 are P-frames without what they refer to; 10 is an IDR.
  for (int i = 0; i < 14; ++i) recorder.publish(pictures.next());
  ASSERT_TRUE(eventually([&] { return recorder.status().pictures == 15; }));
  EXPECT_EQ(recorder.status().chunk, "log0002.mkv");
  EXPECT_EQ(recorder.status().lost, 0U);
}

TEST(MkvWriter, AFullDiskIsSaidByItsName) {
  const int full = open("/dev/full", O_RDWR | O_CLOEXEC);
  ASSERT_GE(full, 0);
  const auto idr = Pictures().next();
  constexpr std::array<std::uint8_t, 5> kIdrSlice{0, 0, 0, 1, 0x65};
  const auto headers_end =
      std::search(idr->bytes.begin(), idr->bytes.end(), kIdrSlice.begin(), kIdrSlice.end());
  try {
    MkvWriter writer(full, {320, 192, {idr->bytes.begin(), headers_end}}, WallClock::now(), 100);
    FAIL() << "a full disk took the header";
  } catch (const std::system_error& e) {
    EXPECT_EQ(e.code().value(), ENOSPC);
  }
}

TEST(Thumbnailer, MakesOneForEachFinishedChunk) {
  const TemporaryFolder folder;
  const RecordConfig config = config_for(folder);
  Recordings recordings(config.folder);
  Pictures pictures;
  touch(config.folder / "log0001.mkv");  // broken: costs nobody else's
  {
    Recorder recorder(config, recordings, unexpected);
    for (int i = 0; i < 20; ++i) recorder.publish(pictures.next());
  }
  Thumbnailer thumbnailer(recordings, unexpected);
  const auto chunk = recordings.list().at(1);
  const fs::path jpeg = Recordings::thumbnail_of(chunk);
  EXPECT_EQ(jpeg.filename(), "log0002_" + std::to_string(chunk.updated_unix_s) + ".jpg");
  ASSERT_TRUE(eventually([&] { return fs::exists(jpeg); }));
  MediaInput picture("file:" + jpeg.string());
  EXPECT_EQ(picture.stream().codecpar->width, 320);
  EXPECT_EQ(picture.stream().codecpar->height, 192);
  EXPECT_EQ(recordings.find_thumbnail(jpeg.string()), jpeg);

  EXPECT_EQ(recordings.wipe(), 2U);
  EXPECT_FALSE(fs::exists(jpeg));
}

TEST(Mp4Cache, HoldsTheChunksPicturesAndFewFiles) {
  const TemporaryFolder folder;
  const RecordConfig config = config_for(folder);
  Recordings recordings(config.folder);
  Pictures pictures;
  {
    Recorder recorder(config, recordings, unexpected);
    for (int i = 0; i < 150; ++i) recorder.publish(pictures.next());
  }
  Mp4Cache cache(folder / "mp4");
  const auto chunks = recordings.list();
  ASSERT_EQ(chunks.size(), 5U);
  for (const auto& chunk : chunks) {
    const fs::path mp4 = cache.get(chunk);
    EXPECT_EQ(play(mp4).pictures, 30U);
    EXPECT_EQ(cache.get(chunk), mp4);
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(folder / "mp4"), {}), 3);
  touch(config.folder / "log0099.mkv");
  EXPECT_THROW(cache.get(recordings.list().back()), std::runtime_error);
}

TEST(Recordings, AChunkHasItsNameOnceItIsWorthSomething) {
  const TemporaryFolder folder;
  const auto files = [&folder] {
    return std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator());
  };
  Recordings recordings(folder.path());
  auto chunk = recordings.create();
  EXPECT_EQ(chunk.path.filename(), "log0001.mkv");
  EXPECT_TRUE(recordings.list().empty());
  close(chunk.descriptor);
  recordings.finished();
  EXPECT_EQ(files(), 0);

  chunk = recordings.create();
  EXPECT_EQ(chunk.path.filename(), "log0001.mkv") << "its number is free again";
  recordings.give_name();
  EXPECT_TRUE(recordings.open_is_there());
  EXPECT_THAT(names(recordings), ElementsAre("log0001.mkv"));
  EXPECT_TRUE(recordings.list()[0].open);
  close(chunk.descriptor);
  recordings.finished();
  EXPECT_FALSE(recordings.list()[0].open);

  chunk = recordings.create();  // and here the program is killed
  close(chunk.descriptor);
  touch(chunk.path);  // what has the name meanwhile isn't replaced
  EXPECT_THROW(recordings.give_name(), std::system_error);
  Recordings next(folder.path());
  next.remove_worthless();
  EXPECT_THAT(names(next), ElementsAre("log0002.mkv")) << "the first is empty";
  fs::rename(chunk.path, folder.path() / "log0001.mkv");
  chunk = next.create();
  EXPECT_EQ(chunk.path.filename(), "log0002.mkv") << "in the place of what was left";
  close(chunk.descriptor);
  next.finished();
  EXPECT_EQ(files(), 1);
}

TEST(Recordings, OnlyItsOwnFilesAreFound) {
  const TemporaryFolder folder;
  const fs::path videos = folder / "videos";
  Recordings recordings(videos);
  touch(videos / "log0001.mkv");
  touch(videos / "log0001_1713198307.jpg");
  touch(folder / "secret.mkv");
  fs::create_symlink(folder / "secret.mkv", videos / "log0002.mkv");
  fs::create_symlink(folder / "secret.mkv", videos / "log0002_1.jpg");
  fs::create_directory(videos / "log0003.mkv");

  EXPECT_THAT(names(recordings), ElementsAre("log0001.mkv"));
  const std::string inside = videos.string() + "/";
  EXPECT_TRUE(recordings.find(inside + "log0001.mkv"));
  EXPECT_TRUE(recordings.find_thumbnail(inside + "log0001_1713198307.jpg"));
  for (const std::string& path :
       {std::string(), std::string("log0001.mkv"), inside, inside + "log0002.mkv",
        inside + "log0003.mkv", inside + "../secret.mkv", inside + "./log0001.mkv",
        inside + "../videos/log0001.mkv", "/" + inside + "log0001.mkv", inside + "/log0001.mkv",
        inside + std::string("log0001.mkv\0x", 13), folder.path().string() + "/secret.mkv",
        std::string("/etc/passwd")}) {
    EXPECT_FALSE(recordings.find(path)) << path;
  }
  for (const std::string& path :
       {inside + "log0002_1.jpg", inside + "log0001.mkv", inside + "log0001_.jpg",
        inside + "log0001_17x.jpg", inside + "../videos/log0001_1713198307.jpg"}) {
    EXPECT_FALSE(recordings.find_thumbnail(path)) << path;
  }
}

}  // namespace
}  // namespace rearview::camera

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "archive/archive_job.h"
#include "archive/chunk_series.h"
#include "archive/input_list.h"
#include "archive/result_folder.h"
#include "archive/source_reader.h"
#include "base/error.h"
#include "base/temporary_folder.h"

namespace rearview {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Folder : public testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& text = "x") const {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }
  static std::string why_not(const std::vector<std::string>& inputs) {
    try {
      input_list(inputs);
      return "";
    } catch (const UsageError& error) {
      return error.what();
    }
  }

  const TemporaryFolder temporary_;
  const fs::path folder_ = fs::canonical(temporary_.path());
};

using InputListTest = Folder;
using ResultFolderTest = Folder;
using LocalSourceTest = Folder;

TEST_F(InputListTest, FilesFoldersAddressesAndLists) {
  const std::string one = file("one.bin");
  const std::string second = file("rides/b/log0002.mkv");
  const std::string first = file("rides/a/log0001.MKV");
  file("rides/a/log0001_1713198307.jpg");
  file("rides/a/log0003.mkv.part");
  const std::string list =
      file("list", one + "\nhttp://host/a.mp4\n\n" + (folder_ / "rides").string() + "\n");
  EXPECT_THAT(input_list({"@" + list}), ElementsAre(one, "http://host/a.mp4", first, second));
}

TEST_F(InputListTest, WhatIsNamedTwiceOrMissingIsOneSentence) {
  const std::string one = file("a/one.mkv");
  fs::create_directories(folder_ / "empty");
  fs::create_symlink(one, folder_ / "same.mkv");
  EXPECT_THAT(why_not({one, (folder_ / "a").string()}), HasSubstr("one.mkv is named twice"));
  EXPECT_THAT(why_not({one, (folder_ / "same.mkv").string()}), HasSubstr("named twice"));
  EXPECT_THAT(why_not({"@" + file("list", one + "\n" + one + "\n")}), HasSubstr("named twice"));
  EXPECT_THAT(why_not({"http://u:secret@h/a.mkv", "http://u:secret@h/a.mkv"}),
              testing::AllOf(HasSubstr("named twice"), testing::Not(HasSubstr("secret"))));
  EXPECT_THAT(why_not({(folder_ / "none.mkv").string()}), HasSubstr("No such file"));
  EXPECT_THAT(why_not({(folder_ / "empty").string()}), HasSubstr("no recording in it"));
  EXPECT_THAT(why_not({"@" + (folder_ / "none").string()}), HasSubstr("can't be read"));
  EXPECT_THAT(why_not({"@" + file("blank", "\n\n")}), HasSubstr("names no recording"));
}

TEST(ShardTest, EachInputIsInOneShard) {
  std::set<unsigned> used;
  for (int i = 0; i < 100; ++i) {
    const std::string input = "/rides/" + std::to_string(i);
    int count = 0;
    for (unsigned number = 0; number < 3; ++number) {
      if (!Shard{number, 3}.has(input)) continue;
      ++count;
      used.insert(number);
    }
    EXPECT_EQ(count, 1) << input;
  }
  EXPECT_EQ(used.size(), 3u);
}

TEST(ShardTest, ReadsItsTwoNumbers) {
  EXPECT_EQ(parse_shard("2/3").number, 2u);
  EXPECT_EQ(parse_shard("2/3").of, 3u);
  for (const char* wrong : {"", "1", "3/3", "-1/3", "1/0", "1/3x", "a/b", "1//3"})
    EXPECT_THROW(parse_shard(wrong), UsageError) << wrong;
}

/// Chunks of a minute by their number: when each was begun, in seconds.
class ChunkSeriesTest : public testing::Test {
 protected:
  ChunkSeries series(const std::string& name, double before_s = 30) const {
    return chunk_series(name, before_s, [this](const std::string& one) {
      const auto it = begun_s.find(one);
      if (it == begun_s.end()) return std::optional<ChunkTimes>();
      ChunkTimes times{.created = std::nullopt, .duration_s = 60};
      if (it->second) times.created = WallTime(std::chrono::seconds(*it->second));
      return std::optional(times);
    });
  }

  std::map<std::string, std::optional<int>> begun_s;
};

TEST_F(ChunkSeriesTest, ChunksAreJoinedAsFarBackAsItIsAskedFor) {
  begun_s = {{"a/log0008.mkv", 0}, {"a/log0009.mkv", 60}, {"a/log0010.mkv", 120}};
  const ChunkSeries last = series("a/log0010.mkv");
  EXPECT_THAT(last.before, ElementsAre("a/log0009.mkv"));
  EXPECT_EQ(last.skip_s, 30);
  EXPECT_FALSE(last.goes_on);
  EXPECT_THAT(series("a/log0010.mkv", 90).before, ElementsAre("a/log0008.mkv", "a/log0009.mkv"));
  const ChunkSeries first = series("a/log0008.mkv");
  EXPECT_THAT(first.before, IsEmpty());
  EXPECT_TRUE(first.goes_on);
  EXPECT_EQ(first.skip_s, 0);
}

TEST_F(ChunkSeriesTest, ARideEndsWhereTheRecorderWasOff) {
  begun_s = {{"log0001.mkv", 0}, {"log0002.mkv", 66}, {"log0003.mkv", 130}};
  EXPECT_FALSE(series("log0001.mkv").goes_on);
  EXPECT_THAT(series("log0002.mkv").before, IsEmpty());
  EXPECT_TRUE(series("log0002.mkv").goes_on) << "a second or four are no end of a ride";
}

TEST_F(ChunkSeriesTest, WithoutTimesTheNumbersDecide) {
  begun_s = {{"log0001.mkv", std::nullopt}, {"log0002.mkv", std::nullopt}, {"log0004.mkv", {}}};
  EXPECT_TRUE(series("log0001.mkv").goes_on);
  EXPECT_FALSE(series("log0002.mkv").goes_on);
  EXPECT_THAT(series("log0004.mkv").before, IsEmpty());
}

TEST_F(ChunkSeriesTest, WhatIsNoChunkStandsAlone) {
  begun_s = {{"clip1.mkv", 0}, {"clip2.mkv", 60}, {"log0001.mkv", 0}, {"log0002.mkv", 60}};
  EXPECT_FALSE(series("clip1.mkv").goes_on);
  EXPECT_THAT(series("clip2.mkv").before, IsEmpty());
  EXPECT_THAT(series("log0002.mkv", 0).before, IsEmpty());
}

ArchiveJob job() {
  return {
      .recording = {.url = "file:/rides/log0002.mkv", .bytes = 7, .sha256 = std::string(64, 'a')},
      .before = {{.url = "file:/rides/log0001.mkv", .bytes = 7, .sha256 = std::string(64, 'b')}},
      .before_s = 30,
      .goes_on = true,
      .analysis = std::string(64, 'c')};
}

TEST(ArchiveJobTest, ItsNameIsOfWhatItHoldsWhereverItLies) {
  const std::string name = job().name();
  EXPECT_EQ(name.size(), 64u);
  const auto changed = [](auto change) {
    ArchiveJob one = job();
    change(one);
    return one.name();
  };
  EXPECT_EQ(changed([](ArchiveJob& one) { one.recording.url = "http://host/x"; }), name);
  EXPECT_NE(changed([](ArchiveJob& one) { one.recording.sha256[0] = 'd'; }), name);
  EXPECT_NE(changed([](ArchiveJob& one) { one.before[0].sha256[0] = 'd'; }), name);
  EXPECT_NE(changed([](ArchiveJob& one) { one.before_s = 20; }), name);
  EXPECT_NE(changed([](ArchiveJob& one) { one.goes_on = false; }), name);
  EXPECT_NE(changed([](ArchiveJob& one) { one.fps = 25; }), name);
  EXPECT_NE(changed([](ArchiveJob& one) { one.analysis[0] = 'd'; }), name);
  const auto alone = [](ArchiveJob& one) {
    one.before.clear();
    one.goes_on = false;
  };
  EXPECT_EQ(changed([&](ArchiveJob& one) { alone(one), one.before_s = 20; }), changed(alone));
}

TEST(ArchiveJobTest, ComesBackFromJson) {
  ArchiveJob one = job();
  one.fps = 25;
  EXPECT_EQ(to_json(archive_job_from_json(nlohmann::json::parse(to_json(one).dump()))),
            to_json(one));
}

TEST(ArchiveJobTest, WhatIsNoJobIsOneSentence) {
  const auto wrong = [](const char* pointer, nlohmann::json value) {
    nlohmann::json json = nlohmann::json::parse(to_json(job()).dump());
    json[nlohmann::json::json_pointer(pointer)] = std::move(value);
    return json;
  };
  EXPECT_NO_THROW(archive_job_from_json(wrong("/fps", nullptr)));
  for (const nlohmann::json& json :
       {nlohmann::json(), nlohmann::json(nlohmann::json::value_t::discarded),
        wrong("/recording", 1), wrong("/recording/url", "rtsp://h/x"),
        wrong("/recording/url", "file:relative"), wrong("/recording/sha256", "short"),
        wrong("/recording/bytes", "many"), wrong("/analysis", std::string(64, 'x')),
        wrong("/before", nlohmann::json::array({1})), wrong("/before_s", nullptr),
        wrong("/before_s", -1), wrong("/before_s", 1e9), wrong("/fps", 0), wrong("/fps", 1e9),
        wrong("/before", {{"a", to_json(job())["recording"]}}),
        wrong("/before", nlohmann::json::array_t(101, to_json(job())["recording"]))})
    EXPECT_THROW(archive_job_from_json(json), std::runtime_error) << json.dump();
}

TEST_F(ResultFolderTest, AResultIsThereOnceItIsWhole) {
  const ResultFolder folder(folder_ / "new" / "results");
  {
    ResultFolder::Writer broken_off(folder, "name");
    broken_off.line("{}");
  }
  EXPECT_TRUE(fs::is_empty(folder_ / "new" / "results"));
  ResultFolder::Writer writer(folder, "name");
  writer.line("{}");
  for (const auto& entry : fs::directory_iterator(folder_ / "new" / "results"))
    EXPECT_EQ(entry.path().extension(), ".part");
  EXPECT_FALSE(folder.has("name"));
  writer.finish({{"duration_s", 1.5}});
  EXPECT_TRUE(folder.has("name"));
  EXPECT_EQ(folder.about("name").at("duration_s"), 1.5);
  fs::remove(folder_ / "new" / "results" / "name.json");
  EXPECT_FALSE(folder.has("name")) << "a kill came between the two";
}

TEST_F(ResultFolderTest, AFolderThatCantBeWrittenIsOneSentence) {
  const std::string in_the_way = file("results");
  EXPECT_THROW(ResultFolder{in_the_way}, UsageError);
}

TEST_F(ResultFolderTest, SweepsWhatAKilledProgramLeftADayAgo) {
  const fs::path left = file("a.jsonl.zst.abcdef.part");
  const fs::path fresh = file("b.jsonl.zst.abcdef.part");
  fs::last_write_time(left, fs::file_time_type::clock::now() - std::chrono::hours(25));
  const ResultFolder folder(folder_);
  EXPECT_FALSE(fs::exists(left));
  EXPECT_TRUE(fs::exists(fresh));
}

TEST_F(LocalSourceTest, AFileThatIsntWhatTheJobSaysIsOneSentence) {
  const auto seen = [] { return true; };
  const ArchiveSource source = measured_source("file:" + file("log0001.mkv", "pictures"), seen);
  EXPECT_EQ(source.bytes, 8u);
  EXPECT_EQ(LocalSource(source, seen).path(), (folder_ / "log0001.mkv").string());
  file("log0001.mkv", "Pictures");
  EXPECT_THROW(LocalSource(source, seen), std::runtime_error);
  file("log0001.mkv", "more pictures");
  EXPECT_THROW(LocalSource(source, seen), std::runtime_error);
  fs::remove(folder_ / "log0001.mkv");
  EXPECT_THROW(LocalSource(source, seen), std::runtime_error);
}

}  // namespace
}  // namespace rearview

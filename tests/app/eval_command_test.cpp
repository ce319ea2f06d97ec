#include "app/eval_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "base/temporary_folder.h"
#include "tests/support/test_stream.h"

namespace rearview {
namespace {

using testing::HasSubstr;

class EvalCommandTest : public testing::Test {
 protected:
  EvalCommandTest() {
    const auto bytes = test::make_h264(45);
    std::ofstream(folder_ / "clip.h264", std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    write("config.json",
          R"({"cameras":[{"stages":[{"type":"view"},{"type":"looming"},{"type":"tracker"},
          {"type":"approach"}]}]})");
  }

  std::filesystem::path write(const char* name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }
  EvalOptions options(const std::filesystem::path& truth) const {
    return {.truths = {truth},
            .config = folder_ / "config.json",
            .json = (folder_ / "scores.json").string()};
  }
  nlohmann::json scores() const {
    return nlohmann::json::parse(std::ifstream(folder_ / "scores.json"));
  }
  static std::string refusal(const EvalOptions& options) {
    try {
      eval_command(options);
    } catch (const UsageError& e) {
      return e.what();
    }
    return "no error";
  }

  const TemporaryFolder temporary_;
  std::filesystem::path folder_ = temporary_.path();
};

TEST_F(EvalCommandTest, ScoresTheRecordingBesideItsTruth) {
  const auto truth = write("clip.truth.json", R"({"input":"clip.h264","fps":30,"duration_s":1.5,
      "events":[{"id":1,"t_visible_s":0.2,"t_pass_s":1.2,"track":[[0.2,10,10,30,30,null]]}]})");
  testing::internal::CaptureStdout();
  EXPECT_EQ(eval_command(options(truth)), kExitDone);
  EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr("0 of 1"));
  const nlohmann::json json = scores();
  EXPECT_EQ(json["type"], "evaluation");
  EXPECT_EQ(json["clips"][0]["frames"], 45);
  EXPECT_NEAR(json["total"]["scored_s"].get<double>(), 1.5, 0.001);
  EXPECT_EQ(json["total"]["events"], 1);
  EXPECT_EQ(json["total"]["found"], 0);
}

TEST_F(EvalCommandTest, SeveralClipsAtATimeGiveTheSameScoresInTheSameOrder) {
  EvalOptions many = options(write("0.json", R"({"input":"clip.h264","fps":30,"events":[]})"));
  for (const char* name : {"1.json", "2.json", "3.json", "4.json"})
    many.truths.push_back(write(name, R"({"input":"clip.h264","fps":25,"events":[]})"));
  testing::internal::CaptureStdout();
  EXPECT_EQ(eval_command(many), kExitDone);
  const nlohmann::json one_by_one = scores();
  many.jobs = 3;
  EXPECT_EQ(eval_command(many), kExitDone);
  testing::internal::GetCapturedStdout();
  EXPECT_EQ(scores(), one_by_one);
  EXPECT_EQ(one_by_one["clips"].size(), 5U);
  EXPECT_THAT(one_by_one["clips"][4]["truth"].get<std::string>(), HasSubstr("4.json"));
}

TEST_F(EvalCommandTest, AClipThatFailsAmongSeveralIsNamed) {
  write("broken.h264", "no picture in here");
  EvalOptions many = options(write("0.json", R"({"input":"clip.h264","fps":30,"events":[]})"));
  many.truths.push_back(write("1.json", R"({"input":"broken.h264","fps":30,"events":[]})"));
  many.jobs = 2;
  try {
    eval_command(many);
    FAIL() << "no error";
  } catch (const std::exception& e) {
    EXPECT_THAT(e.what(), HasSubstr("broken.h264"));
  }
}

TEST_F(EvalCommandTest, ReadsAllTruthsBeforeItBeginsToWork) {
  EvalOptions two = options(write("a.json", R"({"input":"clip.h264","fps":30,"events":[]})"));
  two.truths.push_back(write("b.json", R"({"input":"clip.h264","fps":30})"));
  EXPECT_THAT(refusal(two), HasSubstr("b.json: /events: is missing"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "scores.json"));
}

TEST_F(EvalCommandTest, SaysWhatIsNotThere) {
  EXPECT_THAT(refusal(options(folder_ / "none.json")), HasSubstr("none.json"));
  EXPECT_THAT(refusal(options(write("a.json", R"({"input":"none.h264","fps":30,"events":[]})"))),
              HasSubstr("none.h264"));
  EXPECT_THAT(refusal({}), HasSubstr("no truth file"));
}

}  // namespace
}  // namespace rearview

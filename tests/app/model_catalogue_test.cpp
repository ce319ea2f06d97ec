#include "app/model_catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/config.h"
#include "base/error.h"
#include "base/sha256.h"
#include "base/temporary_folder.h"
#include "tests/analyse/tiny_network.h"

namespace rearview {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// A catalogue of its own: "tiny" comes with the program, "far" has to be fetched, "gone" is
/// missing.
class ModelCatalogueTest : public testing::Test {
 protected:
  ModelCatalogueTest() {
    std::filesystem::create_directories(shipped_);
    std::filesystem::create_directories(fetched_);
    test::write_tiny_yolox(shipped_ / "tiny.onnx", 1);
    entry_ = {{"name", "tiny"},
              {"file", "tiny.onnx"},
              {"bytes", std::filesystem::file_size(shipped_ / "tiny.onnx")},
              {"sha256", sha256_of(shipped_ / "tiny.onnx")},
              {"licence", "Apache-2.0"},
              {"stage",
               {{"type", "onnx"},
                {"family", "yolox"},
                {"input", {{"width", 32}, {"height", 32}}},
                {"classes", {{"0", "van"}}}}}};
    nlohmann::json far = entry_;
    far["name"] = "far";
    far["file"] = "far.onnx";
    far["url"] = "https://models.invalid/far.onnx";
    nlohmann::json gone = entry_;
    gone["name"] = "gone";
    gone["file"] = "gone.onnx";
    write_manifest({{"models", {entry_, far, gone}}});
  }

  void write_manifest(const nlohmann::json& manifest) const {
    std::ofstream(shipped_ / "manifest.json") << manifest;
  }
  ModelCatalogue catalogue() const { return {shipped_ / "manifest.json", fetched_}; }
  std::string fault_of_manifest(const nlohmann::json& changes) const {
    nlohmann::json entry = entry_;
    entry.merge_patch(changes);
    write_manifest({{"models", {entry}}});
    try {
      catalogue();
    } catch (const UsageError& e) {
      return e.what();
    }
    return "accepted";
  }
  std::string fault_of_file(const char* model) const {
    const auto known = catalogue();
    try {
      known.checked_file(*known.find(model));
    } catch (const std::runtime_error& e) {
      return e.what();
    }
    return "right";
  }

  const TemporaryFolder temporary_;
  const std::filesystem::path folder_ = temporary_.path();
  const std::filesystem::path shipped_ = folder_ / "models";
  const std::filesystem::path fetched_ = folder_ / "state/models";
  nlohmann::json entry_;
};

TEST_F(ModelCatalogueTest, ReadsWhatTheManifestSays) {
  const auto known = catalogue();
  EXPECT_THAT(known.names(), testing::ElementsAre("tiny", "far", "gone"));
  const Model* tiny = known.find("tiny");
  ASSERT_TRUE(tiny);
  EXPECT_EQ(tiny->stage.input, cv::Size(32, 32));
  EXPECT_EQ(tiny->stage.classes.at(0), VehicleClass::van);
  EXPECT_EQ(known.checked_file(*tiny), shipped_ / "tiny.onnx");
  EXPECT_FALSE(known.find("nix"));
}

TEST_F(ModelCatalogueTest, EveryFaultOfAManifestHasItsSentence) {
  const std::pair<nlohmann::json, const char*> faults[] = {
      {{{"name", nullptr}}, "/models/0/name: is missing"},
      {{{"name", "Tiny One"}}, "/models/0/name: \"Tiny One\" has other characters"},
      {{{"file", "../tiny.onnx"}}, "/models/0/file: \"../tiny.onnx\" is not a file's name"},
      {{{"file", ".."}}, "/models/0/file: \"..\" is not a file's name"},
      {{{"card", "/etc/passwd"}}, "/models/0/card: \"/etc/passwd\" is not a file's name"},
      {{{"bytes", 0}}, "/models/0/bytes: 0 is not a whole number"},
      {{{"bytes", nullptr}}, "/models/0/bytes: is missing"},
      {{{"sha256", "ABC"}}, "/models/0/sha256: is not 64 lower-case hexadecimal digits"},
      {{{"licence", nullptr}}, "/models/0/licence: is missing"},
      {{{"url", "http://host/x"}}, "/models/0/url: \"http://host/x\" is not an https:// address"},
      {{{"stage", {{"type", "looming"}}}}, "/models/0/stage/type: is not \"onnx\""},
      {{{"stage", {{"family", "resnet"}}}}, "/models/0/stage/family: \"resnet\" is not one of"},
      {{{"stage", {{"model", "x"}}}}, "/models/0/stage/model: is not for the manifest"},
      {{{"stage", {{"shape", 1}}}}, "/models/0/stage/shape: unknown key"},
      {{{"md5", "x"}}, "/models/0/md5: unknown key"},
  };
  for (const auto& [changes, sentence] : faults)
    EXPECT_THAT(fault_of_manifest(changes), HasSubstr(sentence)) << changes;

  write_manifest({{"models", {entry_, entry_}}});
  EXPECT_THROW(catalogue(), UsageError);
}

TEST_F(ModelCatalogueTest, AFileThatIsNotAsTheManifestSaysIsNotUsed) {
  EXPECT_EQ(fault_of_file("tiny"), "right");
  std::fstream(shipped_ / "tiny.onnx").put('\x7f');  // of the same length
  EXPECT_THAT(fault_of_file("tiny"), AllOf(HasSubstr("has SHA-256"), HasSubstr("tiny.onnx")));
  std::ofstream(shipped_ / "tiny.onnx", std::ios::app) << "more";
  EXPECT_THAT(fault_of_file("tiny"), HasSubstr("bytes, not"));
  std::filesystem::remove(shipped_ / "tiny.onnx");
  std::filesystem::create_directory(shipped_ / "tiny.onnx");
  EXPECT_THAT(fault_of_file("tiny"), HasSubstr("is not a file"));
}

TEST_F(ModelCatalogueTest, SaysHowToGetWhatIsNotThere) {
  EXPECT_THAT(fault_of_file("far"), HasSubstr("`rearview models fetch far`"));
  EXPECT_THAT(fault_of_file("gone"), HasSubstr("comes with the program"));
}

TEST_F(ModelCatalogueTest, AFetchedFileCountsMoreThanOneBesideTheManifest) {
  std::ofstream(shipped_ / "far.onnx") << "broken";
  EXPECT_THAT(fault_of_file("far"), HasSubstr("bytes, not"));
  test::write_tiny_yolox(fetched_ / "far.onnx", 1);
  EXPECT_EQ(fault_of_file("far"), "right");
}

TEST_F(ModelCatalogueTest, TheManifestOfTheProjectIsRight) {
  const ModelCatalogue known(REARVIEW_SOURCE_DIR "/models/manifest.json", {});
  for (const Model& model : known.models()) {
    if (model.url.empty()) {
      EXPECT_NO_THROW(known.checked_file(model)) << model.name;
    }
  }
}

/// Stages by name, as a configuration file says them.
class NamedModelTest : public ModelCatalogueTest {
 protected:
  NamedModelTest() {
    ::setenv("REARVIEW_MODELS", shipped_.c_str(), 1);
    ::setenv("STATE_DIRECTORY", (folder_ / "state").c_str(), 1);
  }
  ~NamedModelTest() override {
    ::unsetenv("REARVIEW_MODELS");
    ::unsetenv("STATE_DIRECTORY");
  }

  std::string said_about(const std::string& onnx) const {
    std::ofstream(folder_ / "c.json") << R"({"cameras":[{"stages":[{"type":"view"},{"type":"onnx",)"
                                      << onnx << R"(},{"type":"tracker"},{"type":"approach"}]}]})";
    const Config config = read_config(folder_ / "c.json");
    try {
      make_stages(config, config.cameras.front());
    } catch (const std::runtime_error& e) {
      return e.what();
    }
    return "good";
  }
};

TEST_F(NamedModelTest, TakesTheSettingsOfTheManifest) {
  EXPECT_EQ(said_about(R"("model":"tiny")"), "good");
}

TEST_F(NamedModelTest, KeysInTheConfigurationGoBeforeTheManifest) {
  EXPECT_EQ(said_about(R"("model":"tiny","score_threshold":0.5)"), "good");
  EXPECT_THAT(said_about(R"("model":"tiny","input":{"width":64})"), HasSubstr("input 64x32"));
  // Only these, not the manifest's as well.
  EXPECT_THAT(said_about(R"("model":"tiny","classes":{"1":"car"})"),
              HasSubstr("no number 1 (car)"));
  EXPECT_THAT(said_about(R"("model":"tiny","shape":1)"),
              HasSubstr("/cameras/0/stages/1/shape: unknown key"));
}

TEST_F(NamedModelTest, ATellingSentenceForAModelThatCanNotBeUsed) {
  EXPECT_THAT(said_about(R"("model":"nix")"),
              AllOf(HasSubstr("c.json: /cameras/0/stages/1/model: \"nix\""),
                    HasSubstr("one of the models tiny, far, gone")));
  EXPECT_THAT(said_about(R"("model":"far")"), HasSubstr("`rearview models fetch far`"));
  std::ofstream(shipped_ / "tiny.onnx", std::ios::app) << "more";
  EXPECT_THAT(said_about(R"("model":"tiny")"), HasSubstr("bytes, not"));
}

TEST_F(NamedModelTest, AFetchedModelIsFoundInTheStateFolder) {
  test::write_tiny_yolox(fetched_ / "far.onnx", 1);
  EXPECT_EQ(said_about(R"("model":"far")"), "good");
}

TEST_F(NamedModelTest, APathIsNoName) {
  test::write_tiny_yolox(folder_ / "own.onnx", 1);
  EXPECT_EQ(said_about(R"("model":"own.onnx","input":{"width":32,"height":32},
                          "classes":{"0":"car"})"),
            "good");
  EXPECT_THAT(said_about(R"("model":"models/tiny")"), HasSubstr("is not a file that can be read"));
}

TEST_F(NamedModelTest, AFolderWithoutAManifestIsAnErrorAndNotPassedOver) {
  ::setenv("REARVIEW_MODELS", folder_.c_str(), 1);
  EXPECT_THAT(said_about(R"("model":"tiny")"), HasSubstr("manifest.json: can't be read"));
}

TEST(Sha256Test, OfKnownTexts) {  // FIPS 180-2, appendix B.1 and B.2
  Sha256 one;
  one.add("abc");
  EXPECT_EQ(one.finish(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256 pieces;
  pieces.add("abcdbcdecdefdefgefghfghighij");
  pieces.add("hijkijkljklmklmnlmnomnopnopq");
  EXPECT_EQ(pieces.finish(), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

}  // namespace
}  // namespace rearview

#include "app/store_folder.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/config_reader.h"

namespace rearview {
namespace {

class StoreFolder : public testing::Test {
 protected:
  StoreFolder() {
    for (const char* name : kNames) {
      const char* value = std::getenv(name);
      before_.push_back(value ? std::optional<std::string>(value) : std::nullopt);
      ::unsetenv(name);
    }
  }
  ~StoreFolder() override {
    for (std::size_t i = 0; i < before_.size(); ++i) {
      if (before_[i])
        ::setenv(kNames[i], before_[i]->c_str(), 1);
      else
        ::unsetenv(kNames[i]);
    }
  }

  static constexpr const char* kNames[] = {"STATE_DIRECTORY", "XDG_STATE_HOME", "HOME"};
  std::vector<std::optional<std::string>> before_;
};

TEST_F(StoreFolder, IsTheUsersWhereNobodySaysAnother) {
  EXPECT_EQ(store_folder("", {}), "") << "nobody has a home";
  ::setenv("HOME", "somewhere", 1);
  EXPECT_EQ(store_folder("", {}), "");
  ::setenv("HOME", "/home/rider", 1);
  EXPECT_EQ(store_folder("", {}), "/home/rider/.local/state/rearview");
  ::setenv("XDG_STATE_HOME", "relative", 1);
  EXPECT_EQ(store_folder("", {}), "/home/rider/.local/state/rearview");
  ::setenv("XDG_STATE_HOME", "/state", 1);
  EXPECT_EQ(store_folder("", {}), "/state/rearview");
  ::setenv("STATE_DIRECTORY", "/var/lib/rearview", 1);
  EXPECT_EQ(store_folder("", {}), "/var/lib/rearview");
  EXPECT_EQ(store_folder("", {.folder = "/configured"}), "/configured");
  EXPECT_EQ(store_folder("", {.in_memory = true}), "");
  EXPECT_EQ(store_folder("/given", {.in_memory = true}), "/given");
  EXPECT_EQ(store_folder("/given", {.folder = "/configured"}), "/given");
  EXPECT_EQ(store_folder("none", {.folder = "/configured"}), "");
}

TEST_F(StoreFolder, NoneInTheConfigurationIsNoFolderOfThatName) {
  for (const auto& [text, in_memory] : {std::pair("none", true), {"./none", false}, {"", false}}) {
    const nlohmann::json json{{"folder", text}};
    ConfigReader reader(json, "/etc/rearview.json");
    StoreConfig config;
    read_settings(reader, config);
    EXPECT_EQ(config.in_memory, in_memory) << text;
    EXPECT_EQ(config.folder.empty(), in_memory || !*text) << text;
    EXPECT_EQ(reader.effective()["folder"] == "none", in_memory);
  }
}

}  // namespace
}  // namespace rearview

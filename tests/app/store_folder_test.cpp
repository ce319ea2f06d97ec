#include "app/store_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/config_reader.h"
#include "base/temporary_folder.h"

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

TEST_F(StoreFolder, IsClosedToOthersAndNothingElseIs) {
  namespace fs = std::filesystem;
  const TemporaryFolder folder;
  const fs::path outside = folder.path() / "outside";
  const fs::path store = folder.path() / "store";
  for (const fs::path& one : {outside, store, store / "clips"}) fs::create_directory(one);
  for (const char* name : {"alerts.db", "alerts.db-wal", "notes"})
    std::ofstream(store / name) << "x";
  for (const fs::path& one : {outside, store, store / "clips", store / "alerts.db",
                              store / "alerts.db-wal", store / "notes"})
    fs::permissions(one, fs::perms(0755));
  fs::create_directory_symlink(outside, store / "snapshots");

  auto closed = shut_others_out(store);
  std::ranges::sort(closed);
  EXPECT_EQ(closed, (std::vector<std::string>{"alerts.db", "alerts.db-wal", "clips"}));
  EXPECT_EQ(fs::status(store / "alerts.db").permissions(), fs::perms(0750)) << "the group stays";
  for (const fs::path& one : {outside, store, store / "notes"})
    EXPECT_EQ(fs::status(one).permissions(), fs::perms(0755)) << one;
  EXPECT_TRUE(shut_others_out(store).empty());
  EXPECT_TRUE(shut_others_out(folder.path() / "none").empty());
}

TEST_F(StoreFolder, AUmaskThatShutsOthersOutIsSomebodysChoice) {
  const mode_t before = umask(022);
  keep_files_to_ourselves();
  EXPECT_EQ(umask(027), 077U);
  keep_files_to_ourselves();
  EXPECT_EQ(umask(before), 027U);
}

}  // namespace
}  // namespace rearview

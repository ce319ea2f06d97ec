#include "base/temporary_folder.h"

#include <gtest/gtest.h>

#include <fstream>
#include <optional>
#include <utility>

namespace rearview {
namespace {

namespace fs = std::filesystem;

TEST(TemporaryFolder, IsNobodyElsesAndGoesWithAllThatIsInIt) {
  std::optional<TemporaryFolder> folder(std::in_place);
  const fs::path path = folder->path();
  EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_all);
  fs::create_directory(path / "inner");
  std::ofstream(path / "inner" / "file") << "text";
  folder.reset();
  EXPECT_FALSE(fs::exists(path));
}

TEST(TemporaryFolder, GoesWithTheObjectThatItWasMovedTo) {
  std::optional<TemporaryFolder> first(std::in_place);
  const fs::path path = first->path();
  std::optional<TemporaryFolder> second(std::move(*first));
  first.reset();
  EXPECT_TRUE(fs::exists(path));
  second.reset();
  EXPECT_FALSE(fs::exists(path));
}

}  // namespace
}  // namespace rearview

#include "publish/delivery_mark.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/temporary_folder.h"
#include "tests/serve/memory_history.h"

namespace rearview {
namespace {

class DeliveryMarkTest : public ::testing::Test {
 protected:
  void deliver(DeliveryMark& mark, int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_NE(mark.feed().next(), nullptr);
      mark.done();
    }
  }
  void raise(int count) {
    for (int i = 0; i < count; ++i) history_.store({});
  }

  TemporaryFolder folder_;
  test::MemoryHistory history_;
};

TEST_F(DeliveryMarkTest, IsRememberedOverRestarts) {
  raise(2);
  std::string name;
  {
    DeliveryMark mark(folder_.path(), "a", history_);
    EXPECT_EQ(mark.feed().next(), nullptr) << "a new receiver begins with new alerts";
    raise(3);
    deliver(mark, 2);
    name = mark.history_name();
  }
  DeliveryMark again(folder_.path(), "a", history_);
  EXPECT_EQ(again.history_name(), name);
  EXPECT_EQ(again.feed().next()->id, 5u);
  DeliveryMark other(folder_.path(), "b", history_);
  EXPECT_EQ(other.feed().next(), nullptr);
  EXPECT_NE(other.history_name(), name);
}

TEST_F(DeliveryMarkTest, AReceiverThatGotNothingYetMissesNothing) {
  { const DeliveryMark mark(folder_.path(), "a", history_); }
  raise(1);
  DeliveryMark again(folder_.path(), "a", history_);
  ASSERT_NE(again.feed().next(), nullptr);
}

TEST_F(DeliveryMarkTest, ADamagedFileIsNoReasonToStop) {
  std::filesystem::create_directory(folder_ / "delivered");
  raise(2);
  for (const char* text : {"", "{", "[]", R"({"after":"x","history":"y"})", R"({"after":-1})"}) {
    std::ofstream(folder_ / "delivered/a.json") << text;
    DeliveryMark mark(folder_.path(), "a", history_);
    EXPECT_EQ(mark.feed().position(), 2u) << text;
  }
}

TEST_F(DeliveryMarkTest, AFolderThatTakesNothingDelaysNothing) {
  std::ofstream(folder_ / "delivered") << "a file where the folder should be";
  DeliveryMark mark(folder_.path(), "a", history_);
  raise(3);
  deliver(mark, 3);
  EXPECT_EQ(mark.feed().next(), nullptr);
}

}  // namespace
}  // namespace rearview

#include "store/alert_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rearview {
namespace {

using testing::ElementsAre;

Alert alert_of(const std::string& camera, AlertKind kind) {
  Alert alert;
  alert.camera = camera;
  alert.kind = kind;
  return alert;
}

std::vector<std::uint64_t> ids(const std::vector<Alert>& alerts) {
  std::vector<std::uint64_t> found;
  for (const Alert& alert : alerts) found.push_back(alert.id);
  return found;
}

class AlertLogTest : public testing::Test {
 protected:
  AlertLogTest() {
    log_.append(alert_of("rear", AlertKind::vehicle_approaching));
    log_.append(alert_of("side", AlertKind::vehicle_approaching));
    log_.append(alert_of("rear", AlertKind::overtake));
    log_.append(alert_of("rear", AlertKind::all_clear));
  }
  AlertLog log_{3};
};

TEST_F(AlertLogTest, NumbersRiseByOneAndTheOldestGoes) {
  EXPECT_EQ(log_.newest_id(), 4u);
  EXPECT_THAT(ids(log_.alerts({})), ElementsAre(2, 3, 4));
}

TEST_F(AlertLogTest, FindsByIdOnlyWhatIsKept) {
  EXPECT_FALSE(log_.alert(1));
  EXPECT_EQ(log_.alert(3)->kind, AlertKind::overtake);
  EXPECT_FALSE(log_.alert(5));
  EXPECT_FALSE(AlertLog(1).alert(0));
}

TEST_F(AlertLogTest, QueriesNarrowAndLimit) {
  EXPECT_THAT(ids(log_.alerts({.after = 2})), ElementsAre(3, 4));
  EXPECT_THAT(ids(log_.alerts({.limit = 1})), ElementsAre(2));
  EXPECT_THAT(ids(log_.alerts({.camera = "rear"})), ElementsAre(3, 4));
  EXPECT_THAT(ids(log_.alerts({.kind = AlertKind::vehicle_approaching})), ElementsAre(2));
  EXPECT_THAT(ids(log_.alerts({.after = 99})), ElementsAre());
}

}  // namespace
}  // namespace rearview

#include <gmock/gmock.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "tests/serve/service_fixture.h"

namespace rearview::test {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(ServiceTest, WantsPicturesOnlyWhileSomebodyWatches) {
  start();
  EXPECT_FALSE(service_->wants_pictures(0));
  {
    RawClient viewer(port_);
    viewer.request("GET", "/api/v1/cameras/rear/stream.mjpg");
    EXPECT_TRUE(eventually([this] { return service_->wants_pictures(0); }));
    EXPECT_FALSE(service_->wants_pictures(1));
  }
  EXPECT_TRUE(eventually([this] { return !service_->wants_pictures(0); }));
}

TEST_F(ServiceTest, SendsEachBoundaryRightBehindItsPicture) {
  start();
  RawClient viewer(port_);
  viewer.request("GET", "/api/v1/cameras/left%20side/stream.mjpg");
  const auto head = viewer.read_until("\r\n\r\n");
  ASSERT_TRUE(head);
  EXPECT_THAT(*head, HasSubstr("multipart/x-mixed-replace; boundary=rearview-frame"));
  EXPECT_EQ(viewer.read_until("\r\n"), "--rearview-frame\r\n");
  ASSERT_TRUE(eventually([this] { return service_->wants_pictures(1); }));
  for (const char fill : {'a', 'b'}) {
    const auto picture = jpeg(fill, 1000);
    service_->publish_picture(1, picture);
    const auto header = viewer.read_until("\r\n\r\n");
    ASSERT_TRUE(header);
    EXPECT_THAT(*header, HasSubstr("Content-Length: 1004"));
    EXPECT_EQ(viewer.read_exactly(1004), *picture);
    // Without waiting for the next picture.
    EXPECT_EQ(viewer.read_until("--rearview-frame\r\n"), "\r\n--rearview-frame\r\n");
  }
}

TEST_F(ServiceTest, RepeatsTheLastPictureWhenThereIsNoNewOne) {
  start();
  RawClient viewer(port_);
  viewer.request("GET", "/api/v1/cameras/rear/stream.mjpg");
  ASSERT_TRUE(eventually([this] { return service_->wants_pictures(0); }));
  service_->publish_picture(0, jpeg('r', 100));
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(viewer.read_until("Content-Length: 104\r\n\r\n"));
    EXPECT_EQ(viewer.read_exactly(104), *jpeg('r', 100));
  }
}

TEST_F(ServiceTest, ANewViewerIsNeverShownAPictureFromBefore) {
  start();
  {
    RawClient viewer(port_);
    viewer.request("GET", "/api/v1/cameras/rear/stream.mjpg");
    ASSERT_TRUE(eventually([this] { return service_->wants_pictures(0); }));
    service_->publish_picture(0, jpeg('o', 100));
    ASSERT_TRUE(viewer.read_until("Content-Length: 104"));
  }
  ASSERT_TRUE(eventually([this] { return !service_->wants_pictures(0); }));
  RawClient later(port_);
  later.request("GET", "/api/v1/cameras/rear/stream.mjpg");
  RawClient beside(port_);
  beside.request("GET", "/api/v1/cameras/left%20side/stream.mjpg");
  ASSERT_TRUE(
      eventually([this] { return service_->wants_pictures(0) && service_->wants_pictures(1); }));
  service_->publish_picture(1, jpeg('b', 100));
  // Its picture was repeated: so would the old one have been.
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(beside.read_until("Content-Length: 104"));
  service_->publish_picture(0, jpeg('n', 200));
  ASSERT_TRUE(later.read_until("Content-Length: "));
  EXPECT_EQ(later.read_until("\r\n"), "204\r\n");
}

TEST_F(ServiceTest, OneStuckViewerHoldsUpNobody) {
  start();
  RawClient stuck(port_, 4096);
  stuck.request("GET", "/api/v1/cameras/rear/stream.mjpg");
  std::vector<std::unique_ptr<RawClient>> viewers;
  for (int i = 0; i < 30; ++i) {
    viewers.push_back(std::make_unique<RawClient>(port_));
    viewers.back()->request("GET", "/api/v1/cameras/rear/stream.mjpg");
    ASSERT_TRUE(viewers.back()->read_until("--rearview-frame\r\n"));
  }
  for (int i = 0; i < 60; ++i) {
    const std::size_t bytes = 30'000 + static_cast<std::size_t>(i);
    service_->publish_picture(0, jpeg('p', bytes));
    // Every viewer that reads gets every picture; the stuck one none of them late.
    for (const auto& viewer : viewers) {
      ASSERT_EQ(
          viewer->read_until("\r\n\r\n").value_or(""),
          "Content-Type: image/jpeg\r\nContent-Length: " + std::to_string(bytes + 4) + "\r\n\r\n");
      ASSERT_TRUE(viewer->read_until("\r\n--rearview-frame\r\n"));
    }
  }
  EXPECT_THAT(get(port_, "/metrics").body,
              Not(HasSubstr("rearview_http_pictures_replaced_total 0\n")));
}

TEST_F(ServiceTest, AStuckViewerIsClosedInTheEnd) {
  ServeConfig config;
  config.site.write_timeout_ms = 500;
  start(config);
  RawClient stuck(port_, 4096);
  stuck.request("GET", "/api/v1/cameras/rear/stream.mjpg");
  ASSERT_TRUE(eventually([this] { return service_->wants_pictures(0); }));
  EXPECT_TRUE(eventually([this] {
    service_->publish_picture(0, jpeg('s', 100'000));
    return !service_->wants_pictures(0);
  }));
}

TEST_F(ServiceTest, ASnapshotIsAPictureTakenAfterTheRequest) {
  start();
  RawClient client(port_);
  client.request("GET", "/api/v1/cameras/rear/snapshot.jpg");
  ASSERT_TRUE(eventually([this] { return service_->wants_pictures(0); }));
  service_->publish_picture(0, jpeg('s', 500));
  const RawResponse response = client.response();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.at("content-type"), "image/jpeg");
  EXPECT_EQ(response.headers.at("cache-control"), "no-store");
  EXPECT_EQ(response.body, *jpeg('s', 500));
  EXPECT_TRUE(eventually([this] { return !service_->wants_pictures(0); }));
}

TEST_F(ServiceTest, ASnapshotWithoutPicturesIs503) {
  ServeConfig config;
  config.snapshot_wait_ms = 200;
  start(config);
  const RawResponse response = get(port_, "/api/v1/cameras/rear/snapshot.jpg");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.headers.at("content-type"), "application/problem+json");
  EXPECT_TRUE(eventually([this] { return !service_->wants_pictures(0); }));
}

}  // namespace
}  // namespace rearview::test

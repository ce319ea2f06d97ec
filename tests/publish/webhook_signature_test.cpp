#include "publish/webhook_signature.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "base/temporary_folder.h"

namespace rearview {
namespace {

class WebhookSignatureTest : public ::testing::Test {
 protected:
  WebhookSignature with(const std::string& secret) const {
    std::ofstream(folder_ / "secret") << secret;
    return WebhookSignature(folder_ / "secret");
  }
  TemporaryFolder folder_;
};

TEST_F(WebhookSignatureTest, IsThatOfTheStandardsExample) {
  // From the documentation of Standard Webhooks' libraries.
  EXPECT_EQ(with("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")
                .sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, R"({"test": 2432232314})"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST_F(WebhookSignatureTest, WhatIsNoSecretIsRefused) {
  const std::string short_key = "whsec_" + std::string(28, 'A');  // 21 bytes
  const std::string long_key = "whsec_" + std::string(88, 'A');   // 66 bytes
  for (const std::string& secret :
       {std::string(), std::string("secret"), std::string("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        std::string("whsec_"), std::string("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!"),
        std::string("whsec_") + std::string(400, 'A'), short_key, long_key})
    EXPECT_THROW(with(secret), UsageError) << secret;
  EXPECT_THROW(WebhookSignature(folder_ / "none"), UsageError);
  EXPECT_NO_THROW(with("whsec_" + std::string(32, 'A')));
}

}  // namespace
}  // namespace rearview

#include "http/tls_identity.h"

#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/error.h"
#include "tests/http/throwaway_identity.h"

namespace rearview::http {
namespace {

using std::filesystem::path;
using test::ThrowawayIdentity;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::string refusal(const path& certificate, const path& key) {
  try {
    const TlsIdentity identity(certificate, key);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(TlsIdentity, KnowsHowLongItIsGood) {
  const ThrowawayIdentity files(std::chrono::hours(48));
  const TlsIdentity identity(files.certificate(), files.key());
  const auto left = identity.expires() - WallClock::now();
  EXPECT_GT(left, std::chrono::hours(47));
  EXPECT_LE(left, std::chrono::hours(48));
}

TEST(TlsIdentity, RefusesWhatCannotBeUsedInOneSentenceThatNamesTheFile) {
  const ThrowawayIdentity good;
  const ThrowawayIdentity other;
  const ThrowawayIdentity old(std::chrono::seconds(-60));
  const ThrowawayIdentity weak(std::chrono::hours(1), ThrowawayIdentity::Key::rsa_1024);
  const path none = good.certificate().parent_path() / "none.pem";
  const path nonsense = good.certificate().parent_path() / "nonsense.pem";
  std::ofstream(nonsense) << "not PEM\n";

  const auto names = [](const path& file) { return HasSubstr(file.string() + ": "); };
  EXPECT_EQ(refusal(good.certificate(), good.key()), "");
  EXPECT_THAT(refusal(none, good.key()), AllOf(names(none), HasSubstr("No such file")));
  EXPECT_THAT(refusal(good.certificate(), none), AllOf(names(none), HasSubstr("No such file")));
  EXPECT_THAT(refusal(good.certificate().parent_path(), good.key()), HasSubstr("is a folder"));
  EXPECT_THAT(refusal(nonsense, good.key()), AllOf(names(nonsense), HasSubstr("no certificate")));
  EXPECT_THAT(refusal(good.key(), good.key()), HasSubstr("no certificate"));
  EXPECT_THAT(refusal(good.certificate(), nonsense),
              AllOf(names(nonsense), HasSubstr("no private key")));
  EXPECT_THAT(refusal(good.certificate(), good.locked_key()), HasSubstr("passphrase"));
  EXPECT_THAT(refusal(good.certificate(), other.key()),
              AllOf(names(other.key()), HasSubstr(good.certificate().string())));
  EXPECT_THAT(refusal(old.certificate(), old.key()),
              AllOf(names(old.certificate()), HasSubstr("expired on 20")));
  EXPECT_THAT(refusal(weak.certificate(), weak.key()),
              AllOf(names(weak.certificate()), HasSubstr("2048 bit")));
}

TEST(TlsIdentity, TakesTheCertificatesThatVouchForIt) {
  const ThrowawayIdentity good;
  const ThrowawayIdentity above;
  std::ofstream(good.certificate(), std::ios::app) << std::ifstream(above.certificate()).rdbuf();
  EXPECT_EQ(refusal(good.certificate(), good.key()), "");
}

}  // namespace
}  // namespace rearview::http

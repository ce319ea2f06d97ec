#include <gmock/gmock.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/temporary_folder.h"
#include "site/access/credentials.h"
#include "site/access/failure_delay.h"
#include "site/access/gate.h"
#include "site/access/pairing.h"
#include "site/access/qr_code.h"
#include "site/access/secret.h"
#include "tests/serve/service_fixture.h"
#include "tests/serve/web_socket_client.h"

namespace rearview::test {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

class Folder {
 public:
  std::filesystem::path file() const { return folder_.path() / "kept" / "access.json"; }
  std::string text() const {
    std::ifstream in(file());
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  TemporaryFolder folder_;
};

TEST(Secret, PasswordsAreHashedWithASaltAndKnownAgain) {
  const std::string hash = hash_password("correct horse");
  EXPECT_THAT(hash, Not(HasSubstr("horse")));
  EXPECT_NE(hash, hash_password("correct horse"));
  EXPECT_TRUE(password_matches("correct horse", hash));
  EXPECT_FALSE(password_matches("correct horse ", hash));
  for (const char* wrong : {"", "scrypt$15$8$1$", "scrypt$15$8$1$salt", "plain"})
    EXPECT_FALSE(password_matches("correct horse", wrong)) << wrong;
}

TEST(Credentials, AreKeptWithoutWhatLetsInAndReadAgain) {
  const Folder folder;
  std::string secret;
  {
    Credentials credentials(folder.file());
    EXPECT_TRUE(credentials.empty());
    secret = credentials.issue("a phone", Scope::view).secret;
    credentials.set_password("correct horse");
  }
  EXPECT_THAT(folder.text(), Not(HasSubstr(secret)));
  struct stat status {};
  ASSERT_EQ(::stat(folder.file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  Credentials again(folder.file());
  const auto found = again.find(secret);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->name, "a phone");
  EXPECT_EQ(found->scope, Scope::view);
  EXPECT_FALSE(again.find(secret + "x"));
  EXPECT_TRUE(again.password_is("correct horse"));
  EXPECT_FALSE(again.password_is("correct mare"));
  EXPECT_TRUE(again.revoke(found->id));
  EXPECT_FALSE(again.find(secret));
  EXPECT_FALSE(again.revoke(found->id));
}

TEST(Credentials, WhatAnotherProgramChangedHoldsWithinSeconds) {
  const Folder folder;
  Credentials service(folder.file());
  Credentials command(folder.file());
  const auto issued = command.issue("a script", Scope::admin);
  EXPECT_TRUE(eventually([&] { return service.find(issued.secret).has_value(); }));
  const auto second = service.issue("another", Scope::view);
  EXPECT_TRUE(command.revoke(issued.token.id));
  EXPECT_TRUE(eventually([&] { return !service.find(issued.secret).has_value(); }));
  EXPECT_TRUE(service.find(second.secret)) << "a change must not undo the other's";
}

TEST(Credentials, AFileThatOthersReadOrThatIsBrokenIsRefused) {
  const Folder folder;
  Credentials(folder.file()).set_password("correct horse");
  std::filesystem::permissions(folder.file(), std::filesystem::perms(0644));
  EXPECT_THROW(Credentials(folder.file()), UsageError);
  std::filesystem::permissions(folder.file(), std::filesystem::perms(0600));
  Credentials service(folder.file());
  const auto issued = service.issue("a phone", Scope::view);
  std::ofstream(folder.file()) << "{\"tokens\": 1";
  EXPECT_TRUE(eventually([&] { return !service.find(issued.secret); }))
      << "nobody is let in by what can't be read";
  EXPECT_THROW(Credentials(folder.file()), UsageError);
}

TEST(Credentials, AreBounded) {
  Credentials credentials{std::filesystem::path()};
  EXPECT_THROW(credentials.issue("", Scope::view), UsageError);
  EXPECT_THROW(credentials.issue(std::string(65, 'x'), Scope::view), UsageError);
  EXPECT_THROW(credentials.issue("two\nlines", Scope::view), UsageError);
  EXPECT_THROW(credentials.set_password("short"), UsageError);
  for (int i = 0; i < 256; ++i) credentials.issue("one of many", Scope::view);
  EXPECT_THROW(credentials.issue("one too many", Scope::view), UsageError);
}

TEST(Credentials, WhoSignedInFirstGivesWayWhereThereAreTooMany) {
  const Folder folder;
  std::vector<std::string> signed_in;
  const std::string device = Credentials(folder.file()).issue("a phone", Scope::view).secret;
  {
    Credentials credentials(folder.file());
    for (int i = 0; i < 255; ++i)
      signed_in.push_back(credentials.issue("browser", Scope::admin, LetInBy::password).secret);
  }
  Credentials credentials(folder.file());  // it has to be kept who signed in
  credentials.issue("another phone", Scope::view);
  credentials.issue("browser", Scope::admin, LetInBy::password);
  EXPECT_FALSE(credentials.find(signed_in[0]));
  EXPECT_FALSE(credentials.find(signed_in[1]));
  EXPECT_TRUE(credentials.find(signed_in[2]));
  EXPECT_TRUE(credentials.find(device));
  EXPECT_EQ(credentials.tokens().size(), 256U);
}

TEST(FailureDelay, GrowsAndIsForgotten) {
  FailureDelay delay;
  SteadyTime now{1h};
  std::vector<double> waits;
  for (int i = 0; i < 12; ++i) {
    delay.failed("192.0.2.1", now);
    waits.push_back(std::chrono::duration<double>(delay.wait("192.0.2.1", now)).count());
  }
  EXPECT_EQ(waits, (std::vector<double>{0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60}));
  EXPECT_EQ(delay.wait("192.0.2.2", now), 0s) << "another address waits for nobody";
  EXPECT_EQ(delay.wait("192.0.2.1", now + 61s), 0s);
  delay.failed("192.0.2.2", now + 2h);
  EXPECT_EQ(delay.addresses(), 1U);
  delay.succeeded("192.0.2.2");
  EXPECT_EQ(delay.addresses(), 0U);
}

TEST(FailureDelay, RemembersABoundedNumberOfAddresses) {
  FailureDelay delay;
  for (int i = 0; i < 10'000; ++i)
    delay.failed(std::to_string(i), SteadyTime(std::chrono::milliseconds(i)));
  EXPECT_EQ(delay.addresses(), 4096U);
}

TEST(Pairing, ACodeLetsOneDeviceInForTenMinutes) {
  Pairing pairing;
  SteadyTime now{1h};
  EXPECT_FALSE(pairing.redeem("", now));
  std::string code = pairing.begin(Scope::view, now).text;
  EXPECT_FALSE(pairing.redeem("ABCD-EFGH", now));
  std::transform(code.begin(), code.end(), code.begin(), ::tolower);
  code.replace(code.find('-'), 1, " ");
  EXPECT_EQ(pairing.redeem(code, now + 9min), Scope::view);
  EXPECT_FALSE(pairing.redeem(code, now + 9min)) << "once";
  const std::string late = pairing.begin(Scope::admin, now).text;
  EXPECT_FALSE(pairing.redeem(late, now + 10min));
}

TEST(Pairing, GuessingEndsTheCode) {
  Pairing pairing;
  const SteadyTime now{1h};
  const std::string code = pairing.begin(Scope::admin, now).text;
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(pairing.redeem("ABCD-EFGH", now));
  EXPECT_FALSE(pairing.redeem(code, now));
}

TEST(QrCodes, AreSquareWithAQuietZone) {
  const QrCode code("http://192.0.2.7:8080/#/pair/ABCD-EFGH");
  EXPECT_THAT(code.svg(), HasSubstr("viewBox=\"0 0 37 37\""));  // version 3: 29 modules
  EXPECT_THROW(QrCode(std::string(5000, 'x')), std::runtime_error);
}

TEST(Gate, DelaysGoByTheNetworkOfAnAddress) {
  EXPECT_EQ(address_of("192.0.2.1:1234"), "192.0.2.1");
  EXPECT_EQ(address_of("[2001:db8:1:2:3:4:5:6]:80"), "2001:db8:1:2::");
  EXPECT_EQ(address_of("2001:db8:1:2:3:4:5:6:80"), "2001:db8:1:2::");
  EXPECT_EQ(address_of("[::ffff:192.0.2.1]:80"), "192.0.2.1");
  EXPECT_EQ(address_of("[fe80::1%eth0]:80"), "fe80::1");
}

/// A service that takes nobody for its own machine, with a token of each scope.
class AccessTest : public ServiceTest {
 protected:
  void SetUp() override {
    ServiceTest::SetUp();
    Credentials credentials(folder_.file());
    view_ = credentials.issue("looks", Scope::view).secret;
    admin_ = credentials.issue("does", Scope::admin).secret;
    credentials.set_password("correct horse");
    config_.site.access.file = folder_.file();
    config_.site.access.this_machine = false;
  }
  RawResponse ask(const std::string& method, const std::string& path, const std::string& token = {},
                  const std::string& body = {}, const std::string& more = {}) {
    RawClient client(port_);
    std::string headers = more;
    if (!token.empty()) headers += "Authorization: Bearer " + token + "\r\n";
    if (!body.empty()) headers += "Content-Type: application/json\r\n";
    client.request(method, path, headers, body);
    return client.response(method == "HEAD");
  }
  static std::string cookie(const RawResponse& response) {
    const std::string set = response.headers.at("set-cookie");
    return "Cookie: other=1; " + set.substr(0, set.find(';')) + "\r\n";
  }

  Folder folder_;
  ServeConfig config_;
  std::string view_;
  std::string admin_;
};

TEST_F(AccessTest, NothingButThePageIsForEverybody) {
  start(config_);
  analyse_both();
  raise();
  for (const char* path : {"/", "/app.js", "/access.js", "/style.css", "/api/v1/access"})
    EXPECT_EQ(ask("GET", path).status, 200) << path;
  for (const char* path :
       {"/api/v1/cameras", "/api/v1/cameras/rear/stream.mjpg", "/api/v1/cameras/rear/snapshot.jpg",
        "/api/v1/cameras/rear/video", "/api/v1/cameras/rear/analysis", "/api/v1/alerts",
        "/api/v1/alerts/1", "/api/v1/events", "/api/v1/ws", "/api/v1/config",
        "/api/v1/config/schema", "/api/v1/rides", "/api/v1/passes", "/metrics", "/healthz",
        "/readyz", "/api/v1/access/tokens", "/nothing"}) {
    const RawResponse refused = ask("GET", path);
    EXPECT_EQ(refused.status, 401) << path;
    EXPECT_EQ(refused.headers.at("www-authenticate"), "Bearer") << path;
    EXPECT_EQ(ask("GET", path, "rv_wrong").status, 401) << path;
    EXPECT_EQ(ask("HEAD", path).status, 401) << path;
  }
  EXPECT_EQ(ask("DELETE", "/api/v1/alerts/1").status, 401);
  EXPECT_EQ(ask("PUT", "/api/v1/alerts/1/lock").status, 401);
}

TEST_F(AccessTest, WhoMayLookMayNotChange) {
  start(config_);
  analyse_both();
  raise();
  EXPECT_EQ(ask("GET", "/api/v1/cameras", view_).status, 200);
  EXPECT_EQ(ask("GET", "/api/v1/alerts/1", view_).status, 200);
  EXPECT_EQ(ask("DELETE", "/api/v1/alerts/1", view_).status, 403);
  EXPECT_EQ(ask("PUT", "/api/v1/alerts/1/lock", view_).status, 403);
  EXPECT_EQ(ask("GET", "/api/v1/access/tokens", view_).status, 403);
  EXPECT_EQ(ask("POST", "/api/v1/access/pairings", view_, R"({"scope":"admin"})").status, 403);
  EXPECT_EQ(ask("PUT", "/api/v1/alerts/1/lock", admin_).status, 200);
  EXPECT_EQ(ask("GET", "/api/v1/access/tokens", admin_).status, 200);
}

TEST_F(AccessTest, SigningInGivesACookieThatIsRevokedBySigningOut) {
  start(config_);
  const RawResponse in = ask("POST", "/api/v1/access/login", {}, R"({"password":"correct horse"})");
  ASSERT_EQ(in.status, 201) << in.body;
  for (const char* part : {"HttpOnly", "SameSite=Strict", "Path=/"})
    EXPECT_THAT(in.headers.at("set-cookie"), HasSubstr(part));
  EXPECT_EQ(ask("GET", "/api/v1/cameras", {}, {}, cookie(in)).status, 200);
  const RawResponse who = ask("GET", "/api/v1/access", {}, {}, cookie(in));
  EXPECT_EQ(json::parse(who.body)["scope"], "admin");
  EXPECT_EQ(ask("POST", "/api/v1/access/logout", {}, "{}", cookie(in)).status, 204);
  EXPECT_EQ(ask("GET", "/api/v1/cameras", {}, {}, cookie(in)).status, 401);
}

TEST_F(AccessTest, AnotherSitesPageMayNotUseTheCookie) {
  start(config_);
  raise();
  const RawResponse in = ask("POST", "/api/v1/access/login", {}, R"({"password":"correct horse"})");
  const std::string elsewhere = cookie(in) + "Origin: http://elsewhere.example\r\n";
  EXPECT_EQ(ask("DELETE", "/api/v1/alerts/1", {}, {}, elsewhere).status, 403);
  EXPECT_EQ(
      ask("POST", "/api/v1/access/tokens", {}, R"({"name":"x","scope":"admin"})", elsewhere).status,
      403);
}

TEST_F(AccessTest, GuessersWait) {
  start(config_);
  const std::string wrong = R"({"password":"wrong horse"})";
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask("POST", "/api/v1/access/login", {}, wrong).status, 401);
  // A machine that takes a second for an answer has waited enough the first times, not the later.
  EXPECT_TRUE(
      eventually([&] { return ask("POST", "/api/v1/access/login", {}, wrong).status == 429; }));
  EXPECT_EQ(ask("POST", "/api/v1/access/login", {}, R"({"password":"correct horse"})").status, 429);
  EXPECT_EQ(ask("POST", "/api/v1/access/pair", {}, R"({"code":"ABCD-EFGH","name":"x"})").status,
            429);
  EXPECT_EQ(ask("GET", "/api/v1/cameras", view_).status, 200) << "who has a token never waits";
}

TEST_F(AccessTest, WhoMeetsSomebodyElseSigningInIsNoGuesser) {
  start(config_);
  const std::string right = R"({"password":"correct horse"})";
  // Many at once: all but one of those that come meanwhile are told to come again.
  std::atomic<int> met = 0;
  std::vector<std::thread> many;
  for (int i = 0; i < 4; ++i)
    many.emplace_back([&] {
      while (met < 8) {
        const int status = ask("POST", "/api/v1/access/login", {}, right).status;
        if (status == 503) ++met;
        EXPECT_THAT(status, testing::AnyOf(201, 503));
      }
    });
  for (std::thread& one : many) one.join();
  EXPECT_EQ(ask("POST", "/api/v1/access/login", {}, right).status, 201);
}

TEST_F(AccessTest, ACodeGivesADeviceATokenOfItsOwn) {
  start(config_);
  const RawResponse offer = ask("POST", "/api/v1/access/pairings", admin_, R"({"scope":"view"})");
  ASSERT_EQ(offer.status, 201) << offer.body;
  const json shown = json::parse(offer.body);
  EXPECT_THAT(shown["url"].get<std::string>(), HasSubstr(":" + std::to_string(port_) + "/#/pair/" +
                                                         shown["code"].get<std::string>()));
  EXPECT_THAT(shown["qr_svg"].get<std::string>(), HasSubstr("<svg"));
  const std::string body = json{{"code", shown["code"]}, {"name", "Anna's phone"}}.dump();
  const RawResponse paired = ask("POST", "/api/v1/access/pair", {}, body);
  ASSERT_EQ(paired.status, 201) << paired.body;
  const json token = json::parse(paired.body);
  EXPECT_EQ(token["scope"], "view");
  EXPECT_EQ(ask("GET", "/api/v1/cameras", token["token"]).status, 200);
  EXPECT_EQ(ask("POST", "/api/v1/access/pair", {}, body).status, 401) << "once";
  const std::string list = ask("GET", "/api/v1/access/tokens", admin_).body;
  EXPECT_THAT(list, HasSubstr("Anna's phone"));
  EXPECT_THAT(list, Not(HasSubstr(token["token"].get<std::string>())));
  const std::string path = "/api/v1/access/tokens/" + token["id"].get<std::string>();
  EXPECT_EQ(ask("DELETE", path, admin_).status, 204);
  EXPECT_EQ(ask("DELETE", path, admin_).status, 404);
  EXPECT_EQ(ask("GET", "/api/v1/cameras", token["token"]).status, 401);
}

TEST_F(AccessTest, AStreamsTokenIsForThatStreamAlone) {
  start(config_);
  const RawResponse made = ask("POST", "/api/v1/access/streams", view_,
                               R"({"path":"/api/v1/cameras/rear/stream.mjpg"})");
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string path = json::parse(made.body)["path"];
  RawClient client(port_);
  client.request("GET", path);
  EXPECT_TRUE(client.read_until("HTTP/1.1 200"));
  const std::string query = path.substr(path.find('?'));
  EXPECT_EQ(ask("GET", "/api/v1/cameras" + query).status, 401);
  EXPECT_EQ(ask("GET", "/api/v1/cameras/left%20side/stream.mjpg" + query).status, 401);
  std::string later = path;
  later.replace(later.find("token=") + 6, 1, "9");
  EXPECT_EQ(ask("GET", later).status, 401) << "its end is signed";
  EXPECT_EQ(ask("POST", "/api/v1/access/streams", view_, R"({"path":"http://x/"})").status, 400);
}

TEST_F(AccessTest, StreamsEndWhenTheirTokenIsRevoked) {
  start(config_);
  const json token = json::parse(
      ask("POST", "/api/v1/access/tokens", admin_, R"({"name":"lost","scope":"view"})").body);
  const std::string path = json::parse(ask("POST", "/api/v1/access/streams", token["token"],
                                           R"({"path":"/api/v1/cameras/rear/stream.mjpg"})")
                                           .body)["path"];
  const auto header = [](const std::string& secret) {
    return "Authorization: Bearer " + secret + "\r\n";
  };
  const std::string lost = header(token["token"]);
  RawClient events(port_);
  subscribe(events, {}, lost);
  RawClient pictures(port_);
  pictures.request("GET", "/api/v1/cameras/rear/stream.mjpg", lost);
  ASSERT_TRUE(pictures.read_until("HTTP/1.1 200"));
  RawClient passed_on(port_);
  passed_on.request("GET", path);
  ASSERT_TRUE(passed_on.read_until("HTTP/1.1 200"));
  WebSocketClient messages(port_);
  ASSERT_THAT(messages.shake_hands("/api/v1/ws", lost), HasSubstr("101"));
  WebSocketClient video(port_);
  ASSERT_THAT(video.shake_hands("/api/v1/cameras/rear/video", lost), HasSubstr("101"));
  RawClient others(port_);
  subscribe(others, {}, header(view_));

  EXPECT_EQ(ask("DELETE", "/api/v1/access/tokens/" + token["id"].get<std::string>(), admin_).status,
            204);
  EXPECT_TRUE(events.closed_by_server());
  EXPECT_TRUE(pictures.closed_by_server());
  EXPECT_TRUE(passed_on.closed_by_server()) << "an address that the token's owner passed on";
  EXPECT_TRUE(messages.closed_by_server());
  EXPECT_TRUE(video.closed_by_server());
  EXPECT_EQ(ask("GET", path).status, 401);
  EXPECT_TRUE(next_event(others, "heartbeat")) << "another token's goes on";
}

TEST_F(AccessTest, WhatIsOpenedForItselfIsOpen) {
  config_.site.access.open_health = true;
  config_.site.access.open_metrics = true;
  start(config_);
  EXPECT_NE(ask("GET", "/healthz").status, 401);
  EXPECT_EQ(ask("GET", "/metrics").status, 200);
  EXPECT_EQ(ask("GET", "/api/v1/cameras").status, 401);
}

TEST_F(AccessTest, ThisMachineNeedsNoTokenUnlessAProxySpeaksForOthers) {
  config_.site.access.this_machine = true;
  start(config_);
  EXPECT_EQ(ask("GET", "/api/v1/cameras").status, 200);
  EXPECT_EQ(ask("GET", "/api/v1/cameras", {}, {}, "X-Forwarded-For: 192.0.2.7\r\n").status, 401);
  EXPECT_EQ(ask("GET", "/api/v1/cameras", {}, {}, "Forwarded: for=192.0.2.7\r\n").status, 401);
  EXPECT_EQ(ask("GET", "/api/v1/cameras", "rv_wrong").status, 401)
      << "a wrong token is no token of this machine";
}

TEST_F(AccessTest, RequestsThatMakeNoSenseAreRefused) {
  start(config_);
  EXPECT_EQ(ask("POST", "/api/v1/access/login", {}, "[").status, 400);
  EXPECT_EQ(ask("POST", "/api/v1/access/login", {}, "{}").status, 400);
  EXPECT_EQ(ask("POST", "/api/v1/access/login", {}, R"({"password":1})").status, 400);
  EXPECT_EQ(ask("POST", "/api/v1/access/tokens", admin_, R"({"name":"x","scope":"all"})").status,
            400);
  EXPECT_EQ(
      ask("POST", "/api/v1/access/tokens", admin_, R"({"name":"a\nb","scope":"view"})").status,
      400);
  EXPECT_EQ(ask("POST", "/api/v1/access/login", {}, {}, "Content-Length: 0\r\n").status, 415);
}

TEST(RequireAccess, WhereOthersReachItSomebodyMustBeKnown) {
  constexpr const char* kWays = "say who";
  Credentials nobody{std::filesystem::path()};
  SiteConfig config;
  for (const char* host : {"127.0.0.1", "127.1.2.3", "::1", "localhost"}) {
    config.host = host;
    EXPECT_NO_THROW(require_access(config, nobody, false, kWays)) << host;
  }
  for (const char* host : {"0.0.0.0", "::", "192.0.2.1", "board.local", "2130706433"}) {
    config.host = host;
    EXPECT_THROW(require_access(config, nobody, false, kWays), UsageError) << host;
    EXPECT_NO_THROW(require_access(config, nobody, true, kWays)) << host;
  }
  config.access.insecure = true;
  EXPECT_NO_THROW(require_access(config, nobody, false, kWays));
  config.access.insecure = false;
  Credentials somebody{std::filesystem::path()};
  somebody.issue("a phone", Scope::view);
  EXPECT_NO_THROW(require_access(config, somebody, false, kWays));
}

}  // namespace
}  // namespace rearview::test

#include "position/gpsd_reader.h"

#include <gtest/gtest.h>

#include <random>

namespace rearview {
namespace {

using Kind = GpsdReport::Kind;

/// A report with a 3D fix, and further or other fields.
std::string tpv(const std::string& fields) {
  return R"({"class":"TPV","device":"/dev/ttyACM0",)" + fields + "}";
}
const std::string kGood =
    R"("mode":3,"time":"2026-11-22T09:00:01.500Z","lat":48.137,"lon":-11.575)";

Kind kind_of(const std::string& fields) {
  return GpsdReader(50).read(tpv(fields)).kind;
}

TEST(GpsdReader, TakesAFixWithAllThatItTells) {
  GpsdReader reader(50);
  const auto report = reader.read(tpv(kGood + R"(,"eph":4.2,"epx":9,"epy":9,"speed":5.25)"));
  ASSERT_EQ(report.kind, Kind::fix);
  EXPECT_EQ(report.fix.position.lat_deg, 48.137);
  EXPECT_EQ(report.fix.position.lon_deg, -11.575);
  EXPECT_EQ(report.fix.position.accuracy_m, 4.2);
  EXPECT_EQ(report.fix.speed_mps, 5.25);
  EXPECT_EQ(report.fix.time_s, 1'795'338'001.5);
}

TEST(GpsdReader, WhatIsMissingIsMissingWhateverWasThereBefore) {
  GpsdReader reader(50);
  reader.read(tpv(kGood + R"(,"eph":4.2,"speed":5.25)"));
  const auto report = reader.read(tpv(R"("mode":2,"lat":48.1,"lon":11.5)"));
  ASSERT_EQ(report.kind, Kind::fix);
  EXPECT_EQ(report.fix.position.accuracy_m, std::nullopt);
  EXPECT_EQ(report.fix.speed_mps, std::nullopt);
  EXPECT_EQ(report.fix.time_s, std::nullopt);
  EXPECT_EQ(reader.read(tpv(R"("mode":3)")).kind, Kind::other) << "it says nothing of where";
}

TEST(GpsdReader, MakesTheAccuracyOfItsPartsWhereOnlyTheyAreTold) {
  EXPECT_EQ(GpsdReader(50).read(tpv(kGood + R"(,"epx":3,"epy":4)")).fix.position.accuracy_m, 5);
}

TEST(GpsdReader, RefusesWhatIsNoFix) {
  for (const char* none : {R"("mode":0)", R"("mode":1)", R"("mode":1,"lat":48.1,"lon":11.5)",
                           R"("lat":48.1,"lon":11.5)"})
    EXPECT_EQ(kind_of(none), Kind::no_fix) << none;
  for (const char* nowhere :
       {R"("mode":3,"lat":0,"lon":0)", R"("mode":3,"lat":91,"lon":0)",
        R"("mode":3,"lat":48,"lon":-180.5)", R"("mode":3,"lat":1e99,"lon":5)"})
    EXPECT_EQ(kind_of(nowhere), Kind::impossible) << nowhere;
  EXPECT_EQ(kind_of(R"("mode":3,"lat":48)"), Kind::other);
  EXPECT_EQ(kind_of(R"("mode":3,"status":8,"lat":48.1,"lon":11.5)"), Kind::simulated);
  EXPECT_EQ(kind_of(R"("mode":3,"status":7,"lat":48.1,"lon":11.5)"), Kind::simulated);
  EXPECT_EQ(kind_of(kGood + R"(,"eph":50.5)"), Kind::inaccurate);
  EXPECT_EQ(kind_of(kGood + R"(,"eph":49.5)"), Kind::fix);
}

TEST(GpsdReader, ASpeedOfNoBicycleIsNone) {
  for (const char* speed : {"-1", "41", "1e99", "\"5\"", "null"})
    EXPECT_EQ(GpsdReader(50).read(tpv(kGood + R"(,"speed":)" + speed)).fix.speed_mps, std::nullopt)
        << speed;
}

TEST(GpsdReader, KnowsTheGreetingAndWhatIsOfNoConcern) {
  GpsdReader reader(50);
  const auto greeting = reader.read(
      R"({"class":"VERSION","release":"3.22","rev":"3.22","proto_major":3,"proto_minor":14})");
  EXPECT_EQ(greeting.kind, Kind::version);
  EXPECT_EQ(greeting.protocol, 3);
  for (const char* other : {R"({"class":"SKY","satellites":[]})",
                            R"({"class":"WATCH","enable":true})", R"({"class":"TPVX","mode":3})"})
    EXPECT_EQ(reader.read(other).kind, Kind::other) << other;
}

TEST(GpsdReader, WhatIsNoMessageIsGarbage) {
  GpsdReader reader(50);
  for (const char* garbage :
       {"", "HTTP/1.1 400 Bad Request", R"({"class":"TPV","mode":3,"lat":48)",
        R"({"class":"VERSION","release":3})", R"({"class":"TPV","mode":3,"lat":48.1,"lon":1e999})"})
    EXPECT_EQ(reader.read(garbage).kind, Kind::garbage) << garbage;
}

// libgps 3.22 reads this one for ever.
TEST(GpsdReader, ComesBackFromAStringWhereANumberBelongs) {
  constexpr const char* kLine =
      R"({"class":"TPV","status":1,"mode":":"VER","release":"4.22","rev"class":"TPV",)"
      R"("status":1,"mode":":"VER","release})";
  EXPECT_EQ(GpsdReader(50).read(kLine).kind, Kind::garbage);
  EXPECT_EQ(kind_of(R"("mode":"3","lat":48.1,"lon":11.5)"), Kind::no_fix);
}

TEST(GpsdReader, NoMutilatedReportBreaksIt) {
  GpsdReader reader(50);
  std::minstd_rand random(7);
  const std::string whole = tpv(kGood + R"(,"eph":4.2,"speed":5.25)");
  for (int i = 0; i < 20'000; ++i) {
    std::string line = whole;
    for (int changes = 0; changes < 3; ++changes)
      line[23 + random() % (line.size() - 24)] = static_cast<char>(random() % 256);
    const auto report = reader.read(line);
    if (report.kind != Kind::fix) continue;
    EXPECT_LE(std::abs(report.fix.position.lat_deg), 90);
    EXPECT_LE(std::abs(report.fix.position.lon_deg), 180);
  }
}

}  // namespace
}  // namespace rearview

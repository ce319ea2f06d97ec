#include "fit/ride_fit.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

#include "fit/fit_file.h"

namespace rearview {
namespace {

/// What a reader of FIT files makes of one: each message with its fields' bytes; developer fields
/// have 1000 added to their number.
struct Message {
  int number = 0;
  std::map<int, std::string> fields;

  std::int64_t value(int field, std::size_t index, std::size_t bytes,
                     bool is_signed = false) const {
    std::uint64_t value = 0;
    const std::string& text = fields.at(field);
    for (std::size_t i = 0; i < bytes; ++i)
      value |= std::uint64_t{static_cast<unsigned char>(text.at(index * bytes + i))} << (8 * i);
    if (is_signed && (value >> (8 * bytes - 1)) != 0)
      return static_cast<std::int64_t>(value) - (std::int64_t{1} << (8 * bytes));
    return static_cast<std::int64_t>(value);
  }
};

class Reader {
 public:
  explicit Reader(const std::string& file) : file_(file) {
    EXPECT_EQ(byte(0), 14u);
    EXPECT_EQ(file.substr(8, 4), ".FIT");
    EXPECT_EQ(fit_crc(file.substr(0, 12)), byte(12) | byte(13) << 8);
    const std::size_t size = byte(4) | byte(5) << 8 | byte(6) << 16 | byte(7) << 24;
    EXPECT_EQ(file.size(), 14 + size + 2);
    EXPECT_EQ(fit_crc(file.substr(0, file.size() - 2)),
              byte(file.size() - 2) | byte(file.size() - 1) << 8);
    at_ = 14;
    while (at_ < 14 + size) read_one();
    EXPECT_EQ(at_, 14 + size);
  }

  std::vector<Message> all(int number) const {
    std::vector<Message> found;
    for (const Message& one : messages_) {
      if (one.number == number) found.push_back(one);
    }
    return found;
  }

 private:
  struct Definition {
    int number = 0;
    std::vector<std::pair<int, std::size_t>> fields;
  };

  std::size_t byte(std::size_t at) const { return static_cast<unsigned char>(file_.at(at)); }
  std::size_t next() { return byte(at_++); }

  void read_one() {
    const std::size_t header = next();
    if ((header & 0x40) == 0) {
      ASSERT_TRUE(definitions_.contains(header & 15)) << "data before its definition";
      const Definition& definition = definitions_[header & 15];
      Message message{definition.number, {}};
      for (const auto& [field, size] : definition.fields) {
        message.fields[field] = file_.substr(at_, size);
        at_ += size;
      }
      messages_.push_back(message);
      return;
    }
    Definition definition;
    at_ += 2;
    definition.number = static_cast<int>(next());
    definition.number += static_cast<int>(next() << 8);
    for (std::size_t left = next(); left > 0; --left, ++at_) {
      const int field = static_cast<int>(next());
      definition.fields.emplace_back(field, next());
    }
    if ((header & 0x20) != 0) {
      for (std::size_t left = next(); left > 0; --left) {
        const int field = static_cast<int>(next());
        definition.fields.emplace_back(1000 + field, next());
        EXPECT_EQ(next(), 0u) << "the developer that was described";
      }
    }
    definitions_[header & 15] = definition;
  }

  const std::string& file_;
  std::size_t at_ = 0;
  std::map<std::size_t, Definition> definitions_;
  std::vector<Message> messages_;
};

WallTime at(double s) {
  return WallTime(std::chrono::seconds(1'700'000'000)) +
         std::chrono::milliseconds(static_cast<std::int64_t>(s * 1000));
}

Pass pass(double t_s, std::optional<double> lead_s, std::optional<double> closing_mps) {
  Pass made;
  made.time = at(t_s);
  made.lead_s = lead_s;
  made.closing_mps = closing_mps;
  return made;
}

RideRecord ride(double duration_s) {
  RideRecord made;
  made.ride.start = at(0);
  made.ride.duration_s = duration_s;
  return made;
}

constexpr int kRanges = 1000;
constexpr int kSpeeds = 1001;
constexpr int kCurrent = 1002;

TEST(FitCrc, IsTheStandardsOne) {
  EXPECT_EQ(fit_crc("123456789"), 0xBB3D);  // CRC-16/ARC, whose check value this is
}

TEST(RideFit, IsAnActivityWithARecordASecond) {
  const std::string file = ride_fit(ride(60));
  const Reader reader(file);
  ASSERT_EQ(reader.all(0).size(), 1u);
  EXPECT_EQ(reader.all(0)[0].value(0, 0, 1), 4) << "file type activity";
  const auto records = reader.all(20);
  ASSERT_EQ(records.size(), 60u);
  // 1700000000 in Unix time, less 631065600.
  EXPECT_EQ(records.front().value(253, 0, 4), 1'068'934'400);
  EXPECT_EQ(records.back().value(253, 0, 4), 1'068'934'459);
  EXPECT_EQ(reader.all(19).size(), 1u);
  ASSERT_EQ(reader.all(18).size(), 1u);
  EXPECT_EQ(reader.all(18)[0].value(7, 0, 4), 60'000);
  EXPECT_EQ(reader.all(34).size(), 1u);
}

TEST(RideFit, NamesTheFieldsThatSitesLookFor) {
  const std::string file = ride_fit(ride(1));
  const Reader reader(file);
  std::map<std::string, int> names;
  for (const Message& one : reader.all(206))
    names[one.fields.at(3).c_str()] = static_cast<int>(one.value(1, 0, 1));
  EXPECT_EQ(names, (std::map<std::string, int>{{"radar_ranges", 0},
                                               {"radar_speeds", 1},
                                               {"radar_current", 2},
                                               {"radar_total", 3},
                                               {"radar_lap", 4},
                                               {"passing_speed", 5}}));
  EXPECT_EQ(reader.all(207).at(0).fields.at(1).size(), 16u);
}

TEST(RideFit, AVehicleComesNearPassesAndIsCounted) {
  RideRecord made = ride(30);
  made.passes = {pass(10, 4.0, 6.0), pass(20, std::nullopt, std::nullopt)};
  const std::string file = ride_fit(made);
  const Reader reader(file);
  const auto records = reader.all(20);
  std::vector<std::int64_t> ranges;
  std::vector<std::int64_t> counts;
  for (const Message& one : records) {
    ranges.push_back(one.value(kRanges, 0, 2, true));
    counts.push_back(one.value(kCurrent, 0, 2));
  }
  EXPECT_EQ(std::vector(ranges.begin() + 5, ranges.begin() + 11),
            (std::vector<std::int64_t>{0, 24, 18, 12, 3, 0}));
  EXPECT_EQ(records[7].value(kSpeeds, 0, 1), 6);
  EXPECT_EQ(records[7].value(1005, 0, 1), 22) << "km/h";
  EXPECT_EQ(ranges[19], 3) << "one of which only the pass is known";
  EXPECT_EQ(counts[9], 0);
  EXPECT_EQ(counts[10], 1);
  EXPECT_EQ(counts[29], 2);
  EXPECT_EQ(reader.all(18)[0].value(1003, 0, 2), 2);
  EXPECT_EQ(reader.all(19)[0].value(1004, 0, 2), 2);
}

TEST(RideFit, TheNearestStandFirstAndNoMoreThanEight) {
  RideRecord made = ride(30);
  for (int i = 0; i < 12; ++i) made.passes.push_back(pass(10 + i, 30.0, 5.0));
  const std::string file = ride_fit(made);
  const Message record = Reader(file).all(20)[5];
  for (std::size_t i = 0; i < 8; ++i)
    EXPECT_EQ(record.value(kRanges, i, 2, true), 25 + 5 * static_cast<int>(i));
}

TEST(RideFit, WhereNobodySawItSaysSo) {
  RideRecord made = ride(40);
  made.ride.unseen = {{0, 1}, {5, 8}, {20, 21}, {38, 60}};
  made.passes = {pass(7, 4.0, 6.0)};
  const std::string file = ride_fit(made);
  const auto records = Reader(file).all(20);
  std::vector<int> blind;
  for (std::size_t t = 0; t < records.size(); ++t) {
    const bool none = records[t].value(kRanges, 0, 2, true) == -1;
    EXPECT_EQ(none, records[t].value(kSpeeds, 7, 1) == 255);
    if (none) blind.push_back(static_cast<int>(t));
  }
  EXPECT_EQ(blind, (std::vector<int>{0, 5, 6, 7, 20, 38, 39}));
  EXPECT_EQ(records[4].value(kRanges, 0, 2, true), 18);
  EXPECT_EQ(records[8].value(kRanges, 0, 2, true), 0) << "seen to be empty";
}

constexpr int kSpeedAbs = 1006;

TrackPoint point(int t_s, double lat_deg, double lon_deg, std::optional<double> speed_mps,
                 double distance_m) {
  return {t_s, {lat_deg, lon_deg, 4.0}, speed_mps, distance_m};
}

TEST(RideFit, TellsWhereTheRiderWas) {
  RideRecord made = ride(10);
  made.ride.travelled = {48.5, 9, 8};
  made.track = {point(1, 45, -90, 5.25, 0), point(2, -33.5, 151.2, std::nullopt, 6.2),
                point(9, 48.1, 180, 7.5, 48.5)};
  made.passes = {pass(4, 2.0, 6.0), pass(9, 2.0, 6.0)};
  const std::string file = ride_fit(made);
  const Reader reader(file);
  const auto records = reader.all(20);
  ASSERT_EQ(records.size(), 10u);
  constexpr std::int64_t kNo = 0x7FFFFFFF;
  for (const std::size_t t : {0u, 5u}) {
    EXPECT_EQ(records[t].value(0, 0, 4, true), kNo) << t;
    EXPECT_EQ(records[t].value(1, 0, 4, true), kNo) << t;
    EXPECT_EQ(records[t].value(6, 0, 2), 0xFFFF) << t;
  }
  EXPECT_EQ(records[0].value(5, 0, 4), 0xFFFFFFFF);
  EXPECT_EQ(records[5].value(5, 0, 4), 620) << "as far as was known";
  EXPECT_EQ(records[1].value(0, 0, 4, true), 536'870'912) << "45 degrees";
  EXPECT_EQ(records[1].value(1, 0, 4, true), -1'073'741'824);
  EXPECT_EQ(records[1].value(6, 0, 2), 5250);
  EXPECT_EQ(records[2].value(0, 0, 4, true), -399'670'568);
  EXPECT_EQ(records[2].value(1, 0, 4, true), 1'803'886'264);
  EXPECT_EQ(records[2].value(6, 0, 2), 0xFFFF) << "no speed";
  EXPECT_EQ(records[9].value(1, 0, 4, true), kNo - 1) << "180 degrees aren't \"not known\"";
  EXPECT_EQ(records[9].value(5, 0, 4), 4850);

  const Message session = reader.all(18).at(0);
  const Message lap = reader.all(19).at(0);
  for (const Message* one : {&session, &lap}) {
    EXPECT_EQ(one->value(9, 0, 4), 4850) << "total distance";
    EXPECT_EQ(one->value(3, 0, 4, true), 536'870'912) << "where it began";
  }
  EXPECT_EQ(session.value(14, 0, 2), 4850) << "48.5 m in 10 s";
  EXPECT_EQ(session.value(15, 0, 2), 7500);
  EXPECT_EQ(session.value(59, 0, 4), 8000) << "moving";
  EXPECT_EQ(lap.value(13, 0, 2), 4850);
  EXPECT_EQ(lap.value(14, 0, 2), 7500);
  EXPECT_EQ(lap.value(52, 0, 4), 8000);
  EXPECT_EQ(lap.value(6, 0, 4, true), kNo - 1) << "where it ended";
}

TEST(RideFit, TellsTheVehiclesOwnSpeedWhereTheRidersIsKnown) {
  RideRecord made = ride(20);
  made.track = {point(3, 48, 11, 5, 0), point(4, 48, 11, 5, 5), point(16, 48, 11, 6, 60)};
  made.passes = {pass(6, 3.0, 6.0), pass(12, 2.0, 6.0), pass(18, std::nullopt, std::nullopt)};
  const std::string file = ride_fit(made);
  const Reader reader(file);
  const auto records = reader.all(20);
  EXPECT_EQ(records[2].value(kSpeedAbs, 0, 1), 0) << "nobody comes";
  EXPECT_EQ(records[4].value(kSpeedAbs, 0, 1), 22 + 18);
  EXPECT_EQ(records[5].value(kSpeedAbs, 0, 1), 22 + 18) << "the rider's of a second ago";
  EXPECT_EQ(records[11].value(kSpeedAbs, 0, 1), 255) << "the rider's isn't known";
  EXPECT_EQ(records[17].value(kSpeedAbs, 0, 1), 0) << "the vehicle's isn't known";
  std::set<std::string> names;
  for (const Message& one : reader.all(206)) names.insert(one.fields.at(3).c_str());
  EXPECT_TRUE(names.contains("passing_speedabs"));
}

TEST(RideFit, ARideWithoutATrackHasItsDistanceWhereThatIsKnown) {
  RideRecord made = ride(100);
  made.ride.travelled = {500, 85, 80};
  std::string file = ride_fit(made);
  EXPECT_EQ(Reader(file).all(18).at(0).value(9, 0, 4), 50'000);
  EXPECT_FALSE(Reader(file).all(20).at(0).fields.contains(0));
  made.ride.travelled.known_s = 70;
  file = ride_fit(made);
  EXPECT_FALSE(Reader(file).all(18).at(0).fields.contains(9));
}

TEST(RideFit, ARideOfManyDaysEndsAfterOne) {
  EXPECT_EQ(ride_fit(ride(1e7)), ride_fit(ride(86'400)));
}

}  // namespace
}  // namespace rearview

#include "evaluate/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rearview {
namespace {

using testing::HasSubstr;

EventScore found(double lead_s) {
  EventScore score;
  score.event.id = "1";
  score.event.side = "left";
  score.event.t_pass_s = 10;
  score.alert_t_s = 10 - lead_s;
  score.lead_s = lead_s;
  return score;
}

ClipScore clip(std::vector<EventScore> events) {
  ClipScore score;
  score.truth = "somewhere/clip.truth.json";
  score.scored_s = 1800;
  score.frames = 54'000;
  score.events = std::move(events);
  return score;
}

TEST(Totals, AddUpOverClips) {
  ClipScore first = clip({found(1.0), found(2.0), EventScore{}});
  first.wrong.resize(3);
  first.soft.resize(2);
  first.events[0].repeats = 2;
  first.events[0].escalated = true;
  first.others["parked"] = {4, 1};
  ClipScore second = clip({found(6.0)});
  second.others["parked"] = {1, 0};
  const Totals t = totals({first, second});
  EXPECT_EQ(t.events, 4U);
  EXPECT_EQ(t.found, 3U);
  EXPECT_EQ(t.repeats, 2U);
  EXPECT_EQ(t.escalations, 1U);
  EXPECT_EQ(t.wrong, 3U);
  EXPECT_EQ(t.soft, 2U);
  EXPECT_EQ(t.others.at("parked").vehicles, 5U);
  const auto json = evaluation_json({first, second})["total"];
  EXPECT_EQ(json["recall"], 0.75);
  EXPECT_EQ(json["false_per_hour"], 3.0);
  EXPECT_EQ(json["lead"]["mean_s"], 3.0);
  EXPECT_EQ(json["lead"]["median_s"], 2.0);
  EXPECT_EQ(json["lead"]["share_over_1_5_s"], 0.6667);
  EXPECT_EQ(json["lead"]["events_over_2_5_s"], 0.25);
}

TEST(Totals, ClaimsAreCountedByTheirProbability) {
  ClipScore score = clip({});
  score.claims = {{0.05, false}, {0.95, true}, {0.91, false}, {1.0, true}};
  const Totals t = totals({score, score});
  ASSERT_EQ(t.claims.size(), 8U);
  EXPECT_EQ(t.claims[1].claims, 2U) << "2 to 10 %";
  EXPECT_EQ(t.claims[6].claims, 4U) << "90 to 98 %";
  EXPECT_EQ(t.claims[6].came_true, 2U);
  EXPECT_NEAR(t.claims[6].mean_probability, 0.93, 1e-9);
  EXPECT_EQ(t.claims[7].came_true, 2U) << "certainty is in the last";
  EXPECT_EQ(evaluation_json({score})["total"]["claims"][6]["came_true"], 1);
  EXPECT_THAT(evaluation_table({score}), HasSubstr("said 93.0 %, came true  50 %"));
}

TEST(Totals, ALeadCutShortByTheEndIsALowerBoundAndNoPass) {
  EventScore cut = found(2.0);
  cut.event.pass_seen = false;
  const Totals t = totals({clip({cut})});
  EXPECT_EQ(t.lead_lower_bounds, 1U);
  EXPECT_EQ(t.passes, 0U);
}

TEST(Totals, SidesOfFirstAlertsAreRightWrongOrNotNamed) {
  const auto said = [](Side side) {
    EventScore score = found(2.0);  // on the left
    score.alert_side = side;
    return score;
  };
  EventScore unsure = said(Side::left);
  unsure.event.side_uncertain = true;
  const Totals t = totals({clip({said(Side::left), said(Side::left), said(Side::right),
                                 said(Side::behind), unsure, EventScore{}})});
  EXPECT_EQ(t.alert_sides_compared, 4U);
  EXPECT_EQ(t.alert_sides_right, 2U);
  EXPECT_EQ(t.alert_sides_wrong, 1U);
}

TEST(Totals, PassesAreComparedInTimeAndSide) {
  EventScore right = found(2.0);
  right.reported_pass_s = 10.2;
  right.reported_side = Side::left;
  right.event.lateral_m = 1.0;
  right.reported_lateral_m = 1.5;
  EventScore wrong_side = right;
  wrong_side.reported_side = Side::right;
  EventScore unsure = wrong_side;
  unsure.event.side_uncertain = true;
  const Totals t = totals({clip({right, wrong_side, unsure, found(1.0)})});
  EXPECT_EQ(t.passes, 4U);
  EXPECT_EQ(t.passes_reported, 3U);
  EXPECT_EQ(t.sides_compared, 2U);
  EXPECT_EQ(t.sides_right, 1U);
  EXPECT_NEAR(t.pass_errors_s.at(0), 0.2, 1e-9);
  EXPECT_NEAR(t.lateral_errors_m.at(0), 0.5, 1e-9);
}

TEST(Totals, ErrorsFallIntoTheirBands) {
  ClipScore score = clip({});
  const auto at = [&](double distance, double ttc, std::optional<double> said) {
    score.estimates.push_back({.true_ttc_s = ttc,
                               .true_distance_m = distance,
                               .true_closing_mps = std::nullopt,
                               .ttc_s = said,
                               .distance_m = distance + 1,
                               .closing_mps = std::nullopt});
  };
  at(4, 1, 1.5);
  at(4, 2, 3.0);
  at(4, 2, std::nullopt);
  at(60, 8, 6.0);
  const Totals t = totals({score});
  const ErrorScore& near = t.ttc_by_distance.front().error;
  EXPECT_EQ(near.compared, 3U);
  EXPECT_EQ(near.estimated, 2U);
  EXPECT_EQ(near.median_abs, 0.75);
  EXPECT_EQ(near.median_relative, 0.5);
  EXPECT_EQ(near.bias, 0.75);
  EXPECT_EQ(t.ttc_by_distance.back().error.bias, -2);
  EXPECT_EQ(t.ttc_by_ttc[1].error.compared, 2U);
  EXPECT_EQ(t.distance_by_distance.back().error.median_abs, 1);
  EXPECT_EQ(t.closing_by_distance.front().error.compared, 0U);
}

TEST(EvaluationJson, WhatIsNotKnownIsNull) {
  const auto json = evaluation_json({})["total"];
  EXPECT_TRUE(json["recall"].is_null());
  EXPECT_TRUE(json["false_per_hour"].is_null());
  EXPECT_TRUE(json["lead"]["mean_s"].is_null());
  EXPECT_TRUE(json["lead"]["mean_95_s"].is_null());
}

TEST(EvaluationJson, ClipsOfOneFolderAreAGroup) {
  ClipScore night = clip({found(1.0), EventScore{}});
  night.truth = "scenes/night/a.truth.json";
  ClipScore day = clip({found(2.0)});
  day.truth = "scenes/day/b.truth.json";
  ClipScore later = clip({found(3.0)});
  later.truth = "scenes/night/c.truth.json";
  const auto json = evaluation_json({night, day, later});
  ASSERT_EQ(json["groups"].size(), 2U);
  EXPECT_EQ(json["groups"]["night"]["events"], 3);
  EXPECT_EQ(json["groups"]["night"]["found"], 2);
  EXPECT_EQ(json["groups"]["day"]["clips"], 1);
  EXPECT_NE(evaluation_table({night, day, later}).find("all of night"), std::string::npos);
}

TEST(EvaluationJson, NamesEachClipsEventsAndFalseAlerts) {
  ClipScore score = clip({found(1.0), EventScore{}});
  score.wrong.push_back({3.5, AlertKind::fast_approach, 9, {1, 2, 3, 4}, "parked"});
  const auto json = evaluation_json({score});
  EXPECT_EQ(json["type"], "evaluation");
  const auto& first = json["clips"][0];
  EXPECT_EQ(first["events"][0]["found"], true);
  EXPECT_EQ(first["events"][0]["lead_s"], 1.0);
  EXPECT_EQ(first["events"][1]["found"], false);
  EXPECT_TRUE(first["events"][1]["lead_s"].is_null());
  EXPECT_EQ(first["false"][0]["kind"], "fast_approach");
  EXPECT_EQ(first["false"][0]["on"], "parked");
}

TEST(EvaluationTable, ShowsTheNumbersThatMatter) {
  ClipScore score = clip({found(1.0), found(3.0), EventScore{}});
  score.wrong.resize(1);
  score.frames_failed = 12;
  const std::string table = evaluation_table({score});
  EXPECT_THAT(table, HasSubstr("clip.truth.json"));
  EXPECT_THAT(table, HasSubstr("2 of 3 = 67 %"));
  EXPECT_THAT(table, HasSubstr("mean 2.00 s"));
  EXPECT_THAT(table, HasSubstr("over 1.5 s 50 %"));
  EXPECT_THAT(table, HasSubstr("1, 2.0 an hour"));
  EXPECT_THAT(table, HasSubstr("12 frames failed"));
}

TEST(EvaluationTable, IsWholeWithoutAnything) {
  EXPECT_THAT(evaluation_table({}), HasSubstr("0 of 0"));
}

}  // namespace
}  // namespace rearview

#include "evaluate/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>

#include "types/json.h"

namespace rearview {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kFar = std::numeric_limits<double>::infinity();
const std::vector<double> kTtcEdges_s{0, 1.5, 2.5, 3.5, 6, 10};
const std::vector<double> kProbabilityEdges{0, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98, 1};
const std::vector<double> kDistanceEdges_m{0, 5, 10, 20, 40, kFar};

using Quantity = std::function<std::optional<double>(const Estimate&)>;

ErrorScore errors(const std::vector<const Estimate*>& estimates, const Quantity& truth,
                  const Quantity& said) {
  ErrorScore score;
  std::vector<double> absolute;
  std::vector<double> relative;
  std::vector<double> signed_errors;
  for (const Estimate* estimate : estimates) {
    const auto right = truth(*estimate);
    if (!right) continue;
    ++score.compared;
    const auto given = said(*estimate);
    if (!given) continue;
    ++score.estimated;
    const double off = *given - *right;
    absolute.push_back(std::abs(off));
    if (*right > 0) relative.push_back(std::abs(off) / *right);
    signed_errors.push_back(off);
  }
  score.median_abs = median(absolute);
  score.median_relative = median(relative);
  score.bias = median(signed_errors);
  return score;
}

std::vector<Band> bands(const std::vector<ClipScore>& clips, const std::vector<double>& edges,
                        const Quantity& place, const Quantity& truth, const Quantity& said) {
  std::vector<Band> all;
  for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
    std::vector<const Estimate*> inside;
    for (const ClipScore& clip : clips) {
      for (const Estimate& estimate : clip.estimates) {
        const auto at = place(estimate);
        if (at && *at >= edges[i] && *at < edges[i + 1]) inside.push_back(&estimate);
      }
    }
    all.push_back({edges[i], edges[i + 1], errors(inside, truth, said)});
  }
  return all;
}

std::vector<ClaimBand> claim_bands(const std::vector<ClipScore>& clips,
                                   std::vector<Claim> ClipScore::*which) {
  std::vector<ClaimBand> all;
  for (std::size_t i = 0; i + 1 < kProbabilityEdges.size(); ++i)
    all.push_back({.from = kProbabilityEdges[i], .to = kProbabilityEdges[i + 1]});
  for (const ClipScore& clip : clips) {
    for (const Claim& claim : clip.*which) {
      const auto band = std::find_if(all.begin(), all.end() - 1, [&](const ClaimBand& one) {
        return claim.probability < one.to;
      });
      ++band->claims;
      band->mean_probability +=
          (claim.probability - band->mean_probability) / static_cast<double>(band->claims);
      band->came_true += claim.came_true ? 1 : 0;
    }
  }
  return all;
}

Json number(double value, int decimals) {
  if (!std::isfinite(value)) return nullptr;
  const double scale = std::pow(10.0, decimals);
  return std::round(value * scale) / scale + 0.0;
}

Json number(const std::optional<double>& value, int decimals) {
  return value ? number(*value, decimals) : Json(nullptr);
}

Json interval(const std::optional<Interval>& value, int decimals) {
  return value ? Json{number(value->low, decimals), number(value->high, decimals)} : Json(nullptr);
}

std::optional<double> share(std::size_t part, std::size_t all) {
  if (all == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(all);
}

std::size_t above(const std::vector<double>& values, double limit) {
  return static_cast<std::size_t>(
      std::count_if(values.begin(), values.end(), [limit](double v) { return v > limit; }));
}

std::optional<double> per_hour(std::size_t count, double seconds) {
  if (seconds <= 0) return std::nullopt;
  return static_cast<double>(count) * 3600 / seconds;
}

Json bands_json(const std::vector<Band>& all) {
  Json json = Json::array();
  for (const Band& band : all)
    json.push_back({{"from", number(band.from, 1)},
                    {"to", number(band.to, 1)},
                    {"moments", band.error.compared},
                    {"estimated", band.error.estimated},
                    {"median_abs_error", number(band.error.median_abs, 2)},
                    {"median_relative_error", number(band.error.median_relative, 3)},
                    {"bias", number(band.error.bias, 2)}});
  return json;
}

Json claims_json(const std::vector<ClaimBand>& all) {
  Json json = Json::array();
  for (const ClaimBand& band : all) {
    const Interval interval = wilson(band.came_true, band.claims);
    json.push_back(
        {{"from", number(band.from, 2)},
         {"to", number(band.to, 2)},
         {"claims", band.claims},
         {"mean_probability", band.claims > 0 ? number(band.mean_probability, 3) : Json(nullptr)},
         {"came_true", band.came_true},
         {"share_95", {number(interval.low, 3), number(interval.high, 3)}}});
  }
  return json;
}

Json kinds_json(const std::map<std::string, KindScore>& kinds) {
  Json json = Json::object();
  for (const auto& [kind, score] : kinds)
    json[kind] = {{"vehicles", score.vehicles}, {"alerted", score.alerted}};
  return json;
}

Json alerts_json(const std::map<AlertKind, std::size_t>& alerts) {
  Json json = Json::object();
  for (const auto& [kind, count] : alerts) json[std::string(name(kind))] = count;
  return json;
}

Json stray_json(const std::vector<StrayAlert>& alerts) {
  Json json = Json::array();
  for (const StrayAlert& alert : alerts)
    json.push_back({{"t_s", number(alert.t_s, 3)},
                    {"kind", name(alert.kind)},
                    {"track_id", alert.track_id ? Json(*alert.track_id) : Json(nullptr)},
                    {"box",
                     {number(alert.box.x, 1), number(alert.box.y, 1), number(alert.box.width, 1),
                      number(alert.box.height, 1)}},
                    {"on", alert.on.empty() ? Json(nullptr) : Json(alert.on)}});
  return json;
}

Json event_json(const EventScore& score) {
  const bool found = score.alert_t_s.has_value();
  Json pass = nullptr;
  if (score.reported_pass_s)
    pass = {{"pass_t_s", number(score.reported_pass_s, 3)},
            {"side", name(score.reported_side)},
            {"lateral_m", number(score.reported_lateral_m, 2)}};
  return {{"id", score.event.id},
          {"class", score.event.vehicle_class},
          {"side", score.event.side},
          {"t_visible_s", number(score.event.t_visible_s, 3)},
          {"t_pass_s", number(score.event.t_pass_s, 3)},
          {"pass_seen", score.event.pass_seen},
          {"found", found},
          {"alert_t_s", number(score.alert_t_s, 3)},
          {"alert_kind", found ? Json(name(score.alert_kind)) : Json(nullptr)},
          {"alert_side", found ? Json(name(score.alert_side)) : Json(nullptr)},
          {"lead_s", number(score.lead_s, 3)},
          {"repeats", score.repeats},
          {"escalated", score.escalated},
          {"reported_pass", std::move(pass)},
          {"tracked", number(share(score.frames_tracked, score.frames_visible), 3)},
          {"track_ids", score.track_ids.size()}};
}

Json clip_json(const ClipScore& clip) {
  Json events = Json::array();
  for (const EventScore& event : clip.events) events.push_back(event_json(event));
  return {{"truth", clip.truth},
          {"input", clip.input},
          {"scored_s", number(clip.scored_s, 3)},
          {"frames", clip.frames},
          {"frames_failed", clip.frames_failed},
          {"frames_degraded", clip.frames_degraded},
          {"frames_blind", clip.frames_blind},
          {"events", std::move(events)},
          {"false", stray_json(clip.wrong)},
          {"soft", stray_json(clip.soft)},
          {"stray_passes", clip.stray_passes},
          {"others", kinds_json(clip.others)},
          {"alerts", alerts_json(clip.alerts)}};
}

Json totals_json(const Totals& t) {
  const std::size_t over_1_5 = above(t.leads_s, 1.5);
  const std::size_t over_2_5 = above(t.leads_s, 2.5);
  return {{"clips", t.clips},
          {"scored_s", number(t.scored_s, 3)},
          {"frames", t.frames},
          {"frames_failed", t.frames_failed},
          {"frames_degraded", t.frames_degraded},
          {"frames_blind", t.frames_blind},
          {"events", t.events},
          {"found", t.found},
          {"recall", number(share(t.found, t.events), 4)},
          {"recall_95", interval(t.recall_95, 4)},
          {"lead",
           {{"mean_s", number(mean(t.leads_s), 3)},
            {"mean_95_s", interval(t.lead_mean_95, 3)},
            {"median_s", number(median(t.leads_s), 3)},
            {"share_over_1_5_s", number(share(over_1_5, t.leads_s.size()), 4)},
            {"share_over_2_5_s", number(share(over_2_5, t.leads_s.size()), 4)},
            {"events_over_1_5_s", number(share(over_1_5, t.events), 4)},
            {"events_over_2_5_s", number(share(over_2_5, t.events), 4)},
            {"lower_bounds", t.lead_lower_bounds}}},
          {"false_alerts", t.wrong},
          {"false_per_hour", number(per_hour(t.wrong, t.scored_s), 2)},
          {"false_per_hour_95", interval(t.wrong_per_hour_95, 2)},
          {"soft", t.soft},
          {"repeats", t.repeats},
          {"escalations", t.escalations},
          {"sides",
           {{"compared", t.alert_sides_compared},
            {"right", t.alert_sides_right},
            {"wrong", t.alert_sides_wrong}}},
          {"others", kinds_json(t.others)},
          {"alerts", alerts_json(t.alerts)},
          {"passes",
           {{"seen", t.passes},
            {"reported", t.passes_reported},
            {"stray", t.stray_passes},
            {"median_time_error_s", number(median(t.pass_errors_s), 3)},
            {"sides_compared", t.sides_compared},
            {"sides_right", t.sides_right},
            {"median_lateral_error_m", number(median(t.lateral_errors_m), 2)}}},
          {"tracking",
           {{"share_of_visible_time", number(share(t.frames_tracked, t.frames_visible), 4)},
            {"extra_ids", t.extra_track_ids}}},
          {"ttc_s_by_true_ttc", bands_json(t.ttc_by_ttc)},
          {"ttc_s_by_distance", bands_json(t.ttc_by_distance)},
          {"distance_m_by_distance", bands_json(t.distance_by_distance)},
          {"closing_mps_by_distance", bands_json(t.closing_by_distance)},
          {"claims", claims_json(t.claims)},
          {"alert_claims", claims_json(t.alert_claims)}};
}

// Clips whose truths lie in one folder belong together; in the order in which they come.
std::vector<std::pair<std::string, std::vector<ClipScore>>> grouped(
    const std::vector<ClipScore>& clips) {
  std::vector<std::pair<std::string, std::vector<ClipScore>>> groups;
  for (const ClipScore& clip : clips) {
    const std::string folder = std::filesystem::path(clip.truth).parent_path().filename().string();
    const auto same = std::find_if(groups.begin(), groups.end(),
                                   [&](const auto& group) { return group.first == folder; });
    if (same == groups.end())
      groups.push_back({folder, {clip}});
    else
      same->second.push_back(clip);
  }
  return groups;
}

std::string shown(const std::optional<double>& value, int decimals) {
  return value ? fmt::format("{:.{}f}", *value, decimals) : "-";
}

std::string percent(const std::optional<double>& value) {
  return value ? fmt::format("{:.0f} %", *value * 100) : "-";
}

std::string band_lines(const char* title, const char* unit, const char* place,
                       const std::vector<Band>& all) {
  std::string text;
  for (const Band& band : all) {
    if (band.error.compared == 0) continue;
    const std::string range = std::isfinite(band.to)
                                  ? fmt::format("{:g} to {:g}", band.from, band.to)
                                  : fmt::format("{:g} up", band.from);
    text += fmt::format(
        "  {:<22} {:>6} moments, {:>5} estimated, median error {} {} ({}), bias {}\n",
        range + " " + place, band.error.compared,
        percent(share(band.error.estimated, band.error.compared)), shown(band.error.median_abs, 2),
        unit, percent(band.error.median_relative), shown(band.error.bias, 2));
  }
  return text.empty() ? text : fmt::format("{}\n{}", title, text);
}

std::string claim_lines(const char* title, const std::vector<ClaimBand>& all) {
  std::string text;
  for (const ClaimBand& band : all) {
    if (band.claims == 0) continue;
    text += fmt::format("  {:<22} {:>6} claims, said {:>5}, came true {:>5}\n",
                        fmt::format("{:g} to {:g}", band.from, band.to), band.claims,
                        fmt::format("{:.1f} %", 100 * band.mean_probability),
                        percent(share(band.came_true, band.claims)));
  }
  return text.empty() ? text : fmt::format("{}\n{}", title, text);
}

}  // namespace

Totals totals(const std::vector<ClipScore>& clips) {
  Totals t;
  t.clips = clips.size();
  for (const ClipScore& clip : clips) {
    t.scored_s += clip.scored_s;
    t.frames += clip.frames;
    t.frames_failed += clip.frames_failed;
    t.frames_degraded += clip.frames_degraded;
    t.frames_blind += clip.frames_blind;
    t.wrong += clip.wrong.size();
    t.soft += clip.soft.size();
    t.stray_passes += clip.stray_passes;
    for (const auto& [kind, score] : clip.others) {
      t.others[kind].vehicles += score.vehicles;
      t.others[kind].alerted += score.alerted;
    }
    for (const auto& [kind, count] : clip.alerts) t.alerts[kind] += count;
    for (const EventScore& event : clip.events) {
      ++t.events;
      t.repeats += static_cast<std::size_t>(event.repeats);
      t.escalations += event.escalated ? 1 : 0;
      t.frames_visible += event.frames_visible;
      t.frames_tracked += event.frames_tracked;
      t.extra_track_ids += event.track_ids.empty() ? 0 : event.track_ids.size() - 1;
      const bool side_known = !event.event.side_uncertain && !event.event.side.empty();
      if (event.alert_t_s) {
        ++t.found;
        if (event.lead_s) {
          t.leads_s.push_back(*event.lead_s);
          if (!event.event.pass_seen) ++t.lead_lower_bounds;
        }
        if (side_known) {
          const bool named = event.alert_side == Side::left || event.alert_side == Side::right;
          const bool right = name(event.alert_side) == event.event.side;
          ++t.alert_sides_compared;
          t.alert_sides_right += right ? 1 : 0;
          t.alert_sides_wrong += named && !right ? 1 : 0;
        }
      }
      if (!event.event.pass_seen) continue;
      ++t.passes;
      if (!event.reported_pass_s) continue;
      ++t.passes_reported;
      t.pass_errors_s.push_back(*event.reported_pass_s - event.event.t_pass_s);
      if (event.reported_lateral_m && event.event.lateral_m)
        t.lateral_errors_m.push_back(*event.reported_lateral_m - *event.event.lateral_m);
      if (!side_known) continue;
      ++t.sides_compared;
      if (name(event.reported_side) == event.event.side) ++t.sides_right;
    }
  }
  t.recall_95 = wilson(t.found, t.events);
  t.lead_mean_95 = bootstrap_mean(t.leads_s);
  if (t.scored_s > 0) t.wrong_per_hour_95 = poisson_rate(t.wrong, t.scored_s / 3600);

  const Quantity true_ttc = [](const Estimate& e) { return std::optional(e.true_ttc_s); };
  const Quantity true_distance = [](const Estimate& e) { return e.true_distance_m; };
  const Quantity true_closing = [](const Estimate& e) { return e.true_closing_mps; };
  const Quantity ttc = [](const Estimate& e) { return e.ttc_s; };
  const Quantity distance = [](const Estimate& e) { return e.distance_m; };
  const Quantity closing = [](const Estimate& e) { return e.closing_mps; };
  t.ttc_by_ttc = bands(clips, kTtcEdges_s, true_ttc, true_ttc, ttc);
  t.ttc_by_distance = bands(clips, kDistanceEdges_m, true_distance, true_ttc, ttc);
  t.distance_by_distance = bands(clips, kDistanceEdges_m, true_distance, true_distance, distance);
  t.closing_by_distance = bands(clips, kDistanceEdges_m, true_distance, true_closing, closing);
  t.claims = claim_bands(clips, &ClipScore::claims);
  t.alert_claims = claim_bands(clips, &ClipScore::alert_claims);
  return t;
}

Json evaluation_json(const std::vector<ClipScore>& clips) {
  Json list = Json::array();
  for (const ClipScore& clip : clips) list.push_back(clip_json(clip));
  Json groups = Json::object();
  for (const auto& [name, group] : grouped(clips)) groups[name] = totals_json(totals(group));
  return {{"type", "evaluation"},
          {"clips", std::move(list)},
          {"groups", std::move(groups)},
          {"total", totals_json(totals(clips))}};
}

std::string evaluation_table(const std::vector<ClipScore>& clips) {
  constexpr const char* kRow = "{:<28} {:>8} {:>7} {:>6} {:>8} {:>6} {:>5} {:>8} {:>8}\n";
  std::string text = fmt::format(fmt::runtime(kRow), "clip", "seconds", "events", "found", "lead s",
                                 "false", "soft", "repeats", "tracked");
  const auto row = [&](const std::string& title, const Totals& t) {
    text += fmt::format(fmt::runtime(kRow), title, fmt::format("{:.1f}", t.scored_s), t.events,
                        t.found, shown(mean(t.leads_s), 2), t.wrong, t.soft, t.repeats,
                        percent(share(t.frames_tracked, t.frames_visible)));
  };
  for (const ClipScore& clip : clips)
    row(std::filesystem::path(clip.truth).filename().string(), totals({clip}));
  const auto groups = grouped(clips);
  if (groups.size() > 1) {
    for (const auto& [name, group] : groups) row("all of " + name, totals(group));
  }
  const Totals t = totals(clips);
  row("all", t);

  text += fmt::format("\nrecall         {} of {}", t.found, t.events);
  if (t.events > 0)
    text += fmt::format(" = {} (95 %: {:.0f} to {:.0f} %)", percent(share(t.found, t.events)),
                        t.recall_95.low * 100, t.recall_95.high * 100);
  text += fmt::format("\nlead           mean {} s", shown(mean(t.leads_s), 2));
  if (t.lead_mean_95)
    text += fmt::format(" (95 %: {:.2f} to {:.2f})", t.lead_mean_95->low, t.lead_mean_95->high);
  text += fmt::format(", median {} s, over 1.5 s {}, over 2.5 s {} of those found\n",
                      shown(median(t.leads_s), 2),
                      percent(share(above(t.leads_s, 1.5), t.leads_s.size())),
                      percent(share(above(t.leads_s, 2.5), t.leads_s.size())));
  text += fmt::format("false alerts   {}, {} an hour", t.wrong,
                      shown(per_hour(t.wrong, t.scored_s), 1));
  if (t.wrong_per_hour_95)
    text += fmt::format(" (95 %: {:.1f} to {:.1f})", t.wrong_per_hour_95->low,
                        t.wrong_per_hour_95->high);
  text += fmt::format("; soft {}, repeats {}, of which {} escalated\n", t.soft, t.repeats,
                      t.escalations);
  text += fmt::format("sides          {} of {} first alerts name the right one, {} the wrong one\n",
                      t.alert_sides_right, t.alert_sides_compared, t.alert_sides_wrong);
  text += fmt::format(
      "passes         {} of {} reported, median {} s off, side right {} of {}, stray {}\n",
      t.passes_reported, t.passes, shown(median(t.pass_errors_s), 2), t.sides_right,
      t.sides_compared, t.stray_passes);
  if (t.frames_failed + t.frames_blind + t.frames_degraded > 0)
    text += fmt::format("not looking    {} frames failed, {} blind, {} degraded, of {}\n",
                        t.frames_failed, t.frames_blind, t.frames_degraded, t.frames);
  if (!t.others.empty()) {
    text += "alerted of the vehicles that are no event\n";
    for (const auto& [kind, score] : t.others)
      text += fmt::format("  {:<28} {} of {}\n", kind, score.alerted, score.vehicles);
  }
  text += band_lines("time to contact, by true time to contact", "s", "s", t.ttc_by_ttc);
  text += band_lines("time to contact, by distance", "s", "m", t.ttc_by_distance);
  text += band_lines("distance", "m", "m", t.distance_by_distance);
  text += band_lines("closing speed", "m/s", "m", t.closing_by_distance);
  text += claim_lines("that a vehicle comes, by its probability: tracks", t.claims);
  text += claim_lines("the same: alerts", t.alert_claims);
  return text;
}

}  // namespace rearview

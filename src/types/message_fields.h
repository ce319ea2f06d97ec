#pragma once

#include "types/analysis.h"
#include "types/event_archive.h"
#include "types/field.h"
#include "types/heartbeat.h"

namespace rearview {

// The messages of docs/http-api.md: a field's row here is its JSON, written and read, its column in
// the store, its place in docs/openapi.yaml and in the tables of docs/http-api.md.

template <>
inline constexpr auto kFields<cv::Rect2f> = std::tuple{
    Field<&cv::Rect2f::x>{"x", "of the top left corner", {.decimals = 1}},
    Field<&cv::Rect2f::y>{"y", "of the top left corner", {.decimals = 1}},
    Field<&cv::Rect2f::width>{"w", "width", {.decimals = 1}},
    Field<&cv::Rect2f::height>{"h", "height", {.decimals = 1}},
};

template <>
inline constexpr auto kFields<Position> = std::tuple{
    Field<&Position::lat_deg>{
        "lat", "degrees, WGS 84", {.decimals = 6, .least = -90, .most = 90, .column = "lat_deg"}},
    Field<&Position::lon_deg>{
        "lon", "degrees, WGS 84", {.decimals = 6, .least = -180, .most = 180, .column = "lon_deg"}},
    Field<&Position::accuracy_m>{
        "accuracy_m", "horizontally, as the receiver estimates it", {.decimals = 1}},
};

template <>
inline constexpr auto kFields<Latency> = std::tuple{
    Field<&Latency::decode_ms>{"decode", "first byte received to decoded", {.decimals = 1}},
    Field<&Latency::analyse_ms>{"analyse", "all stages", {.decimals = 1}},
    Field<&Latency::total_ms>{"total", "first byte received to published", {.decimals = 1}},
};

template <>
inline constexpr auto kFields<ViewGeometry> = std::tuple{
    Field<&ViewGeometry::vanishing, &cv::Point2f::x>{
        "vanishing_x", "where the way behind vanishes in the picture", {.decimals = 1}},
    Field<&ViewGeometry::vanishing, &cv::Point2f::y>{"horizon_y", "its row", {.decimals = 1}},
    Field<&ViewGeometry::vanishing_sigma_px>{
        "horizon_sigma_px",
        "one standard deviation; 0 where `horizon_share` sets it",
        {.decimals = 1}},
    Field<&ViewGeometry::focal_px>{"focal_px", "of the lens", {.decimals = 1}},
    Field<&ViewGeometry::pitch_deg>{
        "pitch_deg", "of the camera, upwards positive", {.decimals = 1}},
    Field<&ViewGeometry::camera_height_m>{"camera_height_m", "above the road", {.decimals = 2}},
    Field<&ViewGeometry::camera_height_sigma_m>{
        "camera_height_sigma_m",
        "one standard deviation; 0 where `camera_height_m` holds without `calibrate_height`",
        {.decimals = 2}},
};

template <>
inline constexpr auto kFields<Track> = std::tuple{
    Field<&Track::id>{"id", "of the vehicle, as long as it is followed"},
    Field<&Track::vehicle_class>{"class", "`vehicle` where it isn't known which"},
    Field<&Track::score>{
        "score", "how sure the detector is", {.decimals = 3, .least = 0, .most = 1}},
    Field<&Track::box>{"box", "pixels of the picture as received"},
    Field<&Track::motion>{"motion"},
    Field<&Track::threat>{"threat", "1: approaching, 2: fast", {.least = 0, .most = 2}},
    Field<&Track::ttc_s>{"ttc_s", "time to contact", {.decimals = 2}},
    Field<&Track::ttc_sigma_s>{"ttc_sigma_s", "one standard deviation", {.decimals = 2}},
    Field<&Track::distance_m>{"distance_m", "", {.decimals = 1}},
    Field<&Track::closing_mps>{"closing_mps", "closing speed", {.decimals = 2}},
    Field<&Track::trend>{"trend", "what it does with its speed"},
    Field<&Track::side>{"side",
                        "of the picture, where it passes or would; `behind`: less than 0.6 m to a "
                        "side, so that its way past isn't known yet"},
    Field<&Track::lateral_m>{
        "lateral_m", "towards that side; where it is `behind`, towards the right", {.decimals = 2}},
    Field<&Track::unseen_s>{"unseen_s",
                            "since it was last seen, 0: in this picture; everything about it is "
                            "predicted meanwhile, for a second at most",
                            {.decimals = 2, .least = 0, .left_out = true}},
};

template <>
inline constexpr std::string_view kType<Analysis> = "analysis";
template <>
inline constexpr auto kFields<Analysis> = std::tuple{
    Field<&Analysis::camera>{"camera"},
    Field<&Analysis::epoch>{"epoch", "counts the connections to the camera"},
    Field<&Analysis::seq>{"seq", "of the picture"},
    Field<&Analysis::time>{"time"},
    Field<&Analysis::t_s>{"t_s", "of the stream since its first picture", {.decimals = 3}},
    Field<&Analysis::state>{"state", "`degraded`: `text` says by what"},
    Field<&Analysis::road>{"road"},
    Field<&Analysis::text>{"text", "why `state` isn't `ok`, or the road `blind`; else empty"},
    Field<&Analysis::measured_view>{"view", "how the camera sits; null until measured"},
    Field<&Analysis::tracks>{"tracks"},
    Field<&Analysis::latency>{"latency_ms",
                              "first byte received to decoded, all stages, received to published"},
};

template <>
inline constexpr auto kFields<AlertReason> = std::tuple{
    Field<&AlertReason::growth_per_s>{"growth_per_s",
                                      "growth of its picture, which is 1 over the time to contact",
                                      {.decimals = 3}},
    Field<&AlertReason::bearing_deg_per_s>{
        "bearing_deg_per_s", "how fast it turns aside", {.decimals = 2}},
    Field<&AlertReason::confirmed_frames>{"confirmed_frames", "in which that held"},
};

namespace alert_path {

template <auto Member>
using OfVehicle = Field<&Alert::about, held<AlertVehicle>, Member>;
template <auto Member>
using OfApproach = Field<&Alert::about, held<AlertApproach>, Member>;

}  // namespace alert_path

template <>
inline constexpr std::string_view kType<Alert> = "alert";
template <>
inline constexpr auto kFields<Alert> = std::tuple{
    Field<&Alert::id>{"id", "rises, and is never used twice", {.least = 1}},
    Field<&Alert::camera>{"camera", "empty for `store_failed` and `store_back`"},
    Field<&Alert::time>{"time"},
    Field<&Alert::t_s>{"t_s", "of the stream since its first picture", {.decimals = 3}},
    Field<&Alert::kind>{"kind"},
    Field<&Alert::level>{"level"},
    alert_path::OfVehicle<&AlertVehicle::track_id>{"track_id", "null where it is of no vehicle"},
    alert_path::OfVehicle<&AlertVehicle::vehicle_class>{"class", "likewise"},
    alert_path::OfVehicle<&AlertVehicle::box>{"box", "likewise"},
    alert_path::OfApproach<&AlertApproach::ttc_s>{"ttc_s", "time to contact", {.decimals = 2}},
    alert_path::OfApproach<&AlertApproach::probability>{
        "probability",
        "that it will have come up to the rider, within `widest_pass_m` to a side, in "
        "`farthest_ttc_s`",
        {.decimals = 3, .least = 0, .most = 1}},
    alert_path::OfApproach<&AlertApproach::rival>{"rival",
                                                  "what it is likeliest to be where that is wrong"},
    alert_path::OfVehicle<&AlertVehicle::distance_m>{"distance_m", "", {.decimals = 1}},
    alert_path::OfVehicle<&AlertVehicle::closing_mps>{
        "closing_mps", "closing speed", {.decimals = 2}},
    alert_path::OfVehicle<&AlertVehicle::side>{
        "side", "of the picture", {.otherwise = name(Side::unknown)}},
    alert_path::OfVehicle<&AlertVehicle::lateral_m>{
        "lateral_m", "towards that side; where it is `behind`, towards the right", {.decimals = 2}},
    Field<&Alert::position>{"position", "of the rider, where a positioning receiver knows it"},
    Field<&Alert::rider_speed_mps>{"rider_speed_mps", "likewise", {.decimals = 2}},
    alert_path::OfApproach<&AlertApproach::reason>{"reason",
                                                   "what made it: its picture's growth, how fast "
                                                   "it turns aside, the frames in which that held"},
    Field<&Alert::epoch>{"epoch", "counts the connections to the camera"},
    Field<&Alert::frame_seq>{"frame_seq", "`seq` of the picture that raised it"},
    Field<&Alert::latency>{"latency_ms",
                           "first byte received to decoded, all stages, received to published"},
    Field<&Alert::about, held<AlertPass>, &AlertPass::pass_t_s>{
        "pass_t_s",
        "stream time of the pass: `overtake` and `close_pass`",
        {.decimals = 3, .left_out = true}},
    Field<&Alert::about, held<AlertBlindness>, &AlertBlindness::blind_s>{
        "blind_s",
        "for how long nobody had seen the road: `camera_lost` and `view_blocked`",
        {.decimals = 2, .left_out = true}},
    Field<&Alert::text>{"text", "why, in words", {.left_out = true}},
};

template <>
inline constexpr auto kFields<Keeping> = std::tuple{
    Field<&Keeping::locked>{"locked", "nothing but an unlock lets it be deleted"},
    Field<&Keeping::has_snapshot>{"has_snapshot", "false when it is sent"},
    Field<&Keeping::has_clip>{"has_clip", "false until some seconds after its end"},
    Field<&Keeping::ride>{"ride", "null between rides"},
    Field<&Keeping::mark>{"mark", "what the rider says of it; null until then"},
};

template <>
inline constexpr std::string_view kType<AlertUpdate> = "alert_update";
template <>
inline constexpr auto kFields<AlertUpdate> = std::tuple{
    Field<&AlertUpdate::id>{"id", "of the alert", {.least = 1}},
    Field<&AlertUpdate::deleted>{"deleted"},
    Field<&AlertUpdate::keeping, &Keeping::locked>{"locked"},
    Field<&AlertUpdate::keeping, &Keeping::has_snapshot>{"has_snapshot"},
    Field<&AlertUpdate::keeping, &Keeping::has_clip>{"has_clip"},
    Field<&AlertUpdate::keeping, &Keeping::mark>{"mark"},
};

template <>
inline constexpr auto kFields<Ride> = std::tuple{
    Field<&Ride::id>{"id", "never used twice", {.least = 1}},
    Field<&Ride::camera>{"camera"},
    Field<&Ride::start>{"start"},
    Field<&Ride::end>{"end", "null while it goes on"},
    Field<&Ride::duration_s>{"duration_s"},
    Field<&Ride::distance_m>{"distance_m", "null where more than a fifth of the ride isn't known"},
    Field<&Ride::moving_s>{"moving_s", "without standing; null as `distance_m`"},
    Field<&Ride::travelled, &Travelled::known_s>{"located_s",
                                                 "for which distance and movement are known"},
    Field<&Ride::passes>{"passes", "close ones included"},
    Field<&Ride::close_passes>{"close_passes"},
    Field<&Ride::alerts>{"alerts", "still stored"},
    Field<&Ride::locked>{"locked", "holds a locked alert"},
    Field<&Ride::unseen_s>{"unseen_s", "in which nobody saw all of the road"},
};

template <>
inline constexpr auto kFields<Pass> = std::tuple{
    Field<&Pass::id>{"id", "of the alert that told it", {.least = 1}},
    Field<&Pass::ride>{"ride"},
    Field<&Pass::alert>{"alert", "null when it is no longer stored", {.column = kNotStored}},
    Field<&Pass::camera>{"camera"},
    Field<&Pass::time>{"time", "", {.column = "time_ms"}},
    Field<&Pass::kind>{"kind", "`overtake` or `close_pass`"},
    Field<&Pass::close>{"", "", {.column = "close"}},
    Field<&Pass::vehicle_class>{"class"},
    Field<&Pass::side>{"side"},
    Field<&Pass::lead_s>{"lead_s", "from the vehicle's first alert to the pass", {.decimals = 2}},
    Field<&Pass::lateral_m>{"lateral_m", "", {.decimals = 2}},
    Field<&Pass::closing_mps>{"closing_mps", "", {.decimals = 2}},
    Field<&Pass::position>{"position", "of the rider"},
    Field<&Pass::rider_speed_mps>{"rider_speed_mps", "", {.decimals = 2}},
    Field<&Pass::ride_distance_m>{"ride_distance_m", "from the ride's start to here"},
};

template <>
inline constexpr auto kFields<Missed> = std::tuple{
    Field<&Missed::id>{"id", "of one count with alerts' ids", {.least = 1}},
    Field<&Missed::ride>{"ride"},
    Field<&Missed::camera>{"camera"},
    Field<&Missed::time>{"time", "when nobody told of a vehicle", {.column = "time_ms"}},
    Field<&Missed::note>{"note", "the rider's own words"},
    Field<&Missed::clip>{"clip", "`coming`: it is being recorded", {.column = kNotStored}},
};

template <>
inline constexpr std::string_view kType<MissedUpdate> = "missed_update";
template <>
inline constexpr auto kFields<MissedUpdate> = std::tuple{
    Field<&MissedUpdate::moment, &Missed::id>{"id", "of the missed moment", {.least = 1}},
    Field<&MissedUpdate::deleted>{"deleted"},
    Field<&MissedUpdate::moment, &Missed::ride>{"ride"},
    Field<&MissedUpdate::moment, &Missed::camera>{"camera"},
    Field<&MissedUpdate::moment, &Missed::time>{"time"},
    Field<&MissedUpdate::moment, &Missed::note>{"note"},
    Field<&MissedUpdate::moment, &Missed::clip>{"clip"},
};

template <>
inline constexpr auto kFields<RoadReport> = std::tuple{
    Field<&RoadReport::camera>{"name"},
    Field<&RoadReport::state>{"state"},
    Field<&RoadReport::analysis>{"analysis"},
    Field<&RoadReport::road>{"road", "`no_signal` where nothing fresh says anything better"},
    Field<&RoadReport::text>{"text", "why it isn't live, or the analysis doesn't work; else empty"},
    Field<&RoadReport::pictures>{"pictures", "overlay pictures given to viewers"},
    Field<&RoadReport::threat>{"threat",
                               "the greatest of the vehicles behind; null while nobody can know",
                               {.least = 0, .most = 2}},
    Field<&RoadReport::vehicles>{"vehicles", "how many there are; likewise"},
    Field<&RoadReport::passes>{"passes", "since the service's start, close ones included"},
    Field<&RoadReport::close_passes>{"close_passes", "since the service's start"},
};

template <>
inline constexpr std::string_view kType<Heartbeat> = "heartbeat";
template <>
inline constexpr auto kFields<Heartbeat> = std::tuple{
    Field<&Heartbeat::time>{"time"},
    Field<&Heartbeat::newest_alert_id>{"newest_alert_id", "", {.least = 0}},
    Field<&Heartbeat::store_problem>{"store_problem", "why alerts aren't kept on disk now"},
    Field<&Heartbeat::cameras>{"cameras", "in the order of the configuration"},
};

}  // namespace rearview

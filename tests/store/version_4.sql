-- What a store of schema 4 held before its rows were written by the names of their columns.
BEGIN;
CREATE TABLE alerts (id INTEGER PRIMARY KEY, camera TEXT NOT NULL, kind TEXT NOT NULL, json TEXT NOT NULL, time_ms INTEGER NOT NULL DEFAULT 0, locked INTEGER NOT NULL DEFAULT 0, snapshot_bytes INTEGER NOT NULL DEFAULT 0, clip INTEGER, ride INTEGER);
CREATE TABLE ids (next_id INTEGER NOT NULL);
CREATE INDEX alerts_by_time ON alerts (time_ms);
CREATE INDEX alerts_by_clip ON alerts (clip) WHERE clip IS NOT NULL;
CREATE INDEX alerts_by_ride ON alerts (ride) WHERE ride IS NOT NULL;
CREATE INDEX snapshots ON alerts (id) WHERE snapshot_bytes > 0 AND locked = 0;
CREATE TABLE clips (id INTEGER PRIMARY KEY, bytes INTEGER NOT NULL);
CREATE TABLE rides (id INTEGER PRIMARY KEY AUTOINCREMENT, camera TEXT NOT NULL, start_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL, duration_s REAL NOT NULL, distance_m REAL NOT NULL DEFAULT 0, known_s REAL NOT NULL DEFAULT 0, moving_s REAL NOT NULL DEFAULT 0, track_points INTEGER NOT NULL DEFAULT 0, unseen TEXT NOT NULL DEFAULT '[]');
CREATE TABLE passes (id INTEGER PRIMARY KEY, ride INTEGER, camera TEXT NOT NULL, time_ms INTEGER NOT NULL, close INTEGER NOT NULL, class TEXT NOT NULL, side TEXT NOT NULL, lead_s REAL, lateral_m REAL, closing_mps REAL, lat_deg REAL, lon_deg REAL, accuracy_m REAL, rider_speed_mps REAL, ride_distance_m REAL);
CREATE INDEX passes_by_ride ON passes (ride) WHERE ride IS NOT NULL;
CREATE INDEX passes_located ON passes (time_ms) WHERE lat_deg IS NOT NULL;
CREATE TABLE track (ride INTEGER NOT NULL, t_s INTEGER NOT NULL, lat_deg REAL NOT NULL, lon_deg REAL NOT NULL, accuracy_m REAL, speed_mps REAL, distance_m REAL NOT NULL, PRIMARY KEY (ride, t_s)) WITHOUT ROWID;
INSERT INTO alerts (id, camera, kind, json, time_ms, locked, snapshot_bytes, clip, ride) VALUES
  (1, 'rear', 'vehicle_approaching', '{"type":"alert","id":1,"camera":"rear","time":"2026-11-30T03:26:44.255Z","t_s":2.6,"kind":"vehicle_approaching","level":"warning","track_id":1,"class":"motorcycle","box":{"x":262.5,"y":155.7,"w":43.1,"h":98.5},"ttc_s":7.26,"distance_m":6.9,"closing_mps":0.96,"side":"left","lateral_m":1.1,"position":null,"rider_speed_mps":null,"reason":{"growth_per_s":0.138,"bearing_deg_per_s":-4.12,"confirmed_frames":8},"epoch":1,"frame_seq":79,"latency_ms":{"decode":0.0,"analyse":114.5,"total":116.7}}', 1796009204255, 1, 0, NULL, 1);
INSERT INTO alerts (id, camera, kind, json, time_ms, locked, snapshot_bytes, clip, ride) VALUES
  (2, 'rear', 'all_clear', '{"type":"alert","id":2,"camera":"rear","time":"2026-11-30T03:26:48.979Z","t_s":7.325,"kind":"all_clear","level":"info","track_id":null,"class":null,"box":null,"ttc_s":null,"distance_m":null,"closing_mps":null,"side":"unknown","lateral_m":null,"position":null,"rider_speed_mps":null,"reason":null,"epoch":2,"frame_seq":218,"latency_ms":{"decode":0.0,"analyse":43.2,"total":49.2}}', 1796009208979, 1, 0, NULL, 1);
INSERT INTO alerts (id, camera, kind, json, time_ms, locked, snapshot_bytes, clip, ride) VALUES
  (3, 'rear', 'close_pass', '{"type":"alert","id":3,"camera":"rear","time":"2026-11-30T03:26:46.911Z","t_s":5.257,"kind":"close_pass","level":"warning","track_id":1,"class":"motorcycle","box":{"x":262.5,"y":155.7,"w":43.1,"h":98.5},"ttc_s":null,"distance_m":6.9,"closing_mps":0.96,"side":"left","lateral_m":1.1,"position":{"lat":48.137155,"lon":11.575432,"accuracy_m":3.6},"rider_speed_mps":6.94,"reason":null,"epoch":1,"frame_seq":157,"latency_ms":{"decode":0.0,"analyse":114.5,"total":116.7},"pass_t_s":5.214}', 1796009206911, 1, 0, NULL, 1);
INSERT INTO alerts (id, camera, kind, json, time_ms, locked, snapshot_bytes, clip, ride) VALUES
  (4, 'rear', 'camera_lost', '{"type":"alert","id":4,"camera":"rear","time":"2026-11-30T03:26:52.000Z","t_s":10.348,"kind":"camera_lost","level":"danger","track_id":null,"class":null,"box":null,"ttc_s":null,"distance_m":null,"closing_mps":null,"side":"unknown","lateral_m":null,"position":null,"rider_speed_mps":null,"reason":null,"epoch":2,"frame_seq":218,"latency_ms":{"decode":0.0,"analyse":43.2,"total":49.2},"blind_s":3.02,"text":"the camera sends nothing; “quoted”"}', 1796009212000, 1, 0, NULL, 1);
INSERT INTO rides (id, camera, start_ms, seen_ms, duration_s, distance_m, known_s, moving_s, track_points, unseen) VALUES
  (1, 'rear', 1796009201652, 1796009246147, 44.504959918, 301.25, 44.0, 43.5, 1, '[[0,1],[4,5]]');
INSERT INTO passes (id, ride, camera, time_ms, close, class, side, lead_s, lateral_m, closing_mps, lat_deg, lon_deg, accuracy_m, rider_speed_mps, ride_distance_m) VALUES
  (3, 1, 'rear', 1796009206911, 1, 'motorcycle', 'left', 2.614, 1.1, 0.96, 48.1371549, 11.5754321, 3.64, 6.944, 34.5),
  (9, NULL, 'rear', 1796009206912, 0, 'van', 'unknown', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO track (ride, t_s, lat_deg, lon_deg, accuracy_m, speed_mps, distance_m) VALUES (1, 5, 48.1371549, 11.5754321, NULL, 6.944, 34.5);
INSERT INTO ids VALUES (10);
PRAGMA user_version = 4;
COMMIT;

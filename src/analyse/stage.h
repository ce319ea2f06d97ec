#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string_view>

#include "base/enumeration.h"
#include "base/setting.h"
#include "types/analysis.h"
#include "types/frame.h"

namespace rearview {

/// What stages hand to each other, each in its place in Analysis.
enum class Fact : unsigned {
  sight,  ///< whether the picture can be trusted, and which part of it shows something: road blind
          ///< with its reason in text, view->shown
  detections,  ///< detections, detector_rested
  growth,      ///< how fast detections grow, where their detector measures it
  view,        ///< how the camera looks at the road: view, but for its part of `sight`
  tracks,      ///< tracks: which detections are one vehicle
  road,        ///< the judgement: road, alerts of vehicles, what each track does
};
constexpr auto names_of(Fact) {
  return std::to_array<std::string_view>(
      {"sight", "detections", "growth", "view", "tracks", "road"});
}

/// A set of them.
class Facts {
 public:
  constexpr Facts() = default;
  constexpr Facts(std::initializer_list<Fact> facts) {
    for (const Fact fact : facts) bits_ |= bit(fact);
  }
  constexpr bool has(Fact fact) const { return (bits_ & bit(fact)) != 0; }
  constexpr Facts operator|(Facts other) const {
    other.bits_ |= bits_;
    return other;
  }

 private:
  static constexpr unsigned bit(Fact fact) { return 1U << static_cast<unsigned>(fact); }
  unsigned bits_ = 0;
};

class Stage;
class PictureHistory;

/// What a stage is lent of one frame, for as long as process() runs.
struct FrameContext {
  const Frame& frame;
  /// The pictures of this camera that stages look back at, one history for all of them. For stages
  /// of the program: it isn't part of what is installed.
  PictureHistory& pictures;
};

/// What is known of a stage before it is built: the row of the stage table, which stands in the
/// stage's own file. StageChain refuses a list whose stages don't fit each other by it.
struct StageType {
  const char* name;       ///< in configurations, messages and metrics
  const char* text = "";  ///< what it does, for docs/settings.md
  /// Of its settings: schema_of<…>. Null for a plugin, whose keys are its own.
  nlohmann::ordered_json (*schema)() = nullptr;
  Facts reads;  ///< some stage before it has to write each of them
  Facts uses;   ///< taken into account where a stage before it writes them
  Facts writes;
  /// Reads the rest of its object of the configuration. Throws UsageError for settings that don't
  /// fit, std::runtime_error when what it needs (a model, say) can't be loaded.
  std::unique_ptr<Stage> (*make)(ConfigReader& config);
};

/// One step of the analysis. The constructor loads everything or throws.
class Stage {
 public:
  virtual ~Stage() = default;

  /// Always the same one; static storage.
  virtual const StageType& type() const = 0;

  /// Reads the frame and the facts that type() names, adds to the analysis what it writes. One
  /// thread. The frame's seq strictly increases, gaps allowed. Between two resets its t_s is
  /// finite, never falls and rises by 2 s at most from frame to frame, but any step in between
  /// occurs: none at all, and a second's pictures within a millisecond. Must neither write nor keep
  /// the frame's pixels. A stage that can't look says so: state degraded, road blind, why in text.
  /// A throw, or a number that isn't finite, makes the analysis `failed`, never an empty road. Only
  /// a stage that writes the road may call it clear, and only once it has looked for long enough.
  virtual void process(const FrameContext& context, Analysis& analysis) = 0;

  /// A new connection, a jump in time, or a stage that failed: forget the pictures that came
  /// before. What was told and not taken back (a warning, a blocked view) stays told until it can
  /// be judged.
  virtual void reset() noexcept {}
};

}  // namespace rearview

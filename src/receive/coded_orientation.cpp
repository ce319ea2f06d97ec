#include "receive/coded_orientation.h"

namespace rearview {
namespace {

// A quarter turn counter-clockwise changes the sides and then top and bottom; a flip in front of a
// change of sides is the other one behind it.
Orientation orientation_of(const h264::DisplayOrientation& said) {
  const bool sides = said.quarter_turns % 2 != 0;
  const bool turn_x = said.quarter_turns == 2 || said.quarter_turns == 3;
  const bool turn_y = said.quarter_turns == 1 || said.quarter_turns == 2;
  return {sides, turn_x != (sides ? said.flip_y : said.flip_x),
          turn_y != (sides ? said.flip_x : said.flip_y)};
}

}  // namespace

void CodedOrientation::next(bool idr, const std::optional<h264::DisplayOrientation>& said) {
  if (said)
    now_ = orientation_of(*said);
  else if (idr)
    now_ = {};
}

}  // namespace rearview

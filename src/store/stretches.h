#pragma once

#include <optional>
#include <string>
#include <vector>

#include "types/event_archive.h"

namespace rearview {

/// Adds the seconds that lie at least partly between two times of a ride, up to the end of its
/// first day. Keeps the stretches in order and apart. Of very many the nearest grow together.
void add_stretch(std::vector<Stretch>& all, double from_s, double to_s);

/// As the database holds them.
std::string text_of(const std::vector<Stretch>& all);
/// nullopt: it is something else.
std::optional<std::vector<Stretch>> stretches_from(const std::string& text);

}  // namespace rearview

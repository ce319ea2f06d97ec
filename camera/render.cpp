#include "camera/render.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <optional>
#include <stdexcept>

namespace rearview::camera {
namespace {

void write(std::ofstream& out, std::span<const std::uint8_t> bytes) {
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
}

void show_progress(double done_s, double duration_s) {
  static const bool terminal = isatty(STDERR_FILENO) == 1;
  if (terminal) fmt::print(stderr, "\rrendered {:.0f} of {:.0f} s", done_s, duration_s);
}

}  // namespace

Rendered render(CodedSource& source, const std::filesystem::path& file, double duration_s,
                const std::function<bool()>& stop) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  const double period_s = 1 / source.info().fps;
  Rendered rendered;
  std::optional<SteadyTime> first;
  while (out && !stop()) {
    // A picture belongs to the file when more than half of its time does.
    if (rendered.duration_s + period_s / 2 > duration_s) break;
    const auto picture = source.next({});
    if (!picture) break;
    if (!first) first = picture->captured;
    // The delimiter opens the next picture; behind the last one there is none.
    if (rendered.pictures > 0) write(out, kDelimiter);
    write(out, picture->picture());
    ++rendered.pictures;
    rendered.duration_s = seconds_between(*first, picture->captured) + period_s;
    if (rendered.pictures % 30 == 0) show_progress(rendered.duration_s, duration_s);
  }
  out.close();
  if (isatty(STDERR_FILENO) == 1) fmt::print(stderr, "\n");
  if (!out) throw std::runtime_error(fmt::format("{}: can't be written", file.string()));
  return rendered;
}

}  // namespace rearview::camera

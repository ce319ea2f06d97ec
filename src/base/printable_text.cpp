#include "base/printable_text.h"

#include <algorithm>

namespace rearview {

std::string printable_text(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, '?');
  // C1 controls, in UTF-8 C2 80 to C2 9F.
  for (std::size_t at = 0; (at = text.find('\xc2', at)) != std::string::npos; ++at) {
    if (at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0xa0)
      text.replace(at, 2, "?");
  }
  return text;
}

}  // namespace rearview

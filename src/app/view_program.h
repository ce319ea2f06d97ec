#pragma once

#include <string>
#include <vector>

namespace rearview {

/// `rearview view`: becomes the program rearview-view, which stands apart because a window needs
/// many libraries that nothing else does. It is looked for beside this program, then as the shell
/// does. Comes back only by throwing std::runtime_error: it isn't installed.
int run_view_program(const std::vector<std::string>& arguments);

}  // namespace rearview

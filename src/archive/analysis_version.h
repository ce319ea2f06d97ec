#pragma once

namespace rearview {

/// Of the steps from pictures to alerts. Raised when the same recording, settings and model no
/// longer give the same lines: results of before are then made anew, under other names.
/// tests/archive/analysis_version_test.cpp reminds of it.
inline constexpr int kAnalysisVersion = 4;

}  // namespace rearview

#include "camera/faults/fault_script.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/config_reader.h"

namespace rearview::camera {

double Fault::begun_at(double t_s) const {
  if (t_s < at_s) return -1;
  const double begun_s = every_s > 0 ? at_s + std::floor((t_s - at_s) / every_s) * every_s : at_s;
  return t_s < begun_s + duration_s ? begun_s : -1;
}

FaultScript FaultScript::read(const std::filesystem::path& file) {
  const nlohmann::json text = read_json_file(file);
  FaultScript script;
  ConfigReader reader(text, file.string());
  reader.number("seed", script.seed, 0, std::int64_t{1} << 53);
  reader.objects("faults", 0, 1000, [&](ConfigReader& one) {
    Fault fault;
    one.choice("kind", fault.kind,
               {{"stall", FaultKind::stall},
                {"burst", FaultKind::burst},
                {"cut", FaultKind::cut},
                {"mid_gop_join", FaultKind::mid_gop_join},
                {"lost_parameter_sets", FaultKind::lost_parameter_sets},
                {"truncated_nal", FaultKind::truncated_nal},
                {"bit_errors", FaultKind::bit_errors},
                {"slow", FaultKind::slow}});
    one.number("at_s", fault.at_s, 0, 1e6);
    one.number("duration_s", fault.duration_s, 0.01, 3600);
    one.number("every_s", fault.every_s, 0, 1e6);
    if (fault.every_s != 0 && fault.every_s < fault.duration_s)
      one.fail("every_s", "must be 0, or no less than duration_s");
    one.number("share", fault.share, 0, 1);
    one.number("rate_kbps", fault.rate_kbps, 8, 1'000'000);
    script.faults.push_back(fault);
  });
  reader.finish();
  return script;
}

}  // namespace rearview::camera

#include "camera/faults/fault_script.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace rearview::camera {

double Fault::begun_at(double t_s) const {
  if (t_s < at_s) return -1;
  const double begun_s = every_s > 0 ? at_s + std::floor((t_s - at_s) / every_s) * every_s : at_s;
  return t_s < begun_s + duration_s ? begun_s : -1;
}

void Fault::check(const ConfigReader& reader) const {
  if (every_s != 0 && every_s < duration_s)
    reader.fail("every_s", "must be 0, or no less than duration_s");
}

FaultScript FaultScript::read(const std::filesystem::path& file) {
  const nlohmann::json text = read_json_file(file);
  FaultScript script;
  ConfigReader reader(text, file.string());
  read_settings(reader, script);
  reader.finish();
  return script;
}

}  // namespace rearview::camera

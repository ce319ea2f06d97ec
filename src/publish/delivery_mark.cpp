#include "publish/delivery_mark.h"

#include <fmt/core.h>

#include <random>

namespace rearview {
namespace {

std::string random_name() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

}  // namespace

DeliveryMark::DeliveryMark(const std::filesystem::path& folder, const std::string& name,
                           const AlertHistory& history)
    : file_(folder, name), history_name_(random_name()), feed_(history, history.newest_id()) {
  if (const auto kept = file_.load()) {
    history_name_ = kept->history;
    feed_.seek(kept->after);
  }
  save();
}

void DeliveryMark::done() {
  feed_.done();
  save();
}

void DeliveryMark::save() {
  file_.save({feed_.position(), history_name_});
}

}  // namespace rearview

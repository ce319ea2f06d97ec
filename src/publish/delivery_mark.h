#pragma once

#include <filesystem>
#include <string>

#include "publish/alert_feed.h"
#include "publish/position_file.h"

namespace rearview {

/// How far a receiver that can't say so itself has got, over restarts: together with the store this
/// is its queue on disk. One file per receiver, written anew and put in place whole. One thread.
class DeliveryMark {
 public:
  /// folder: the store's; empty: forgotten at the end of the program. name: of the receiver, fit
  /// for a file name. A receiver without a mark begins with new alerts.
  DeliveryMark(const std::filesystem::path& folder, const std::string& name,
               const AlertHistory& history);

  /// The alerts that are still to be delivered.
  AlertFeed& feed() { return feed_; }
  /// The feed's next alert is done with: remembers it on disk. A disk that doesn't take it is
  /// logged; the alert may then come a second time after a restart.
  void done();
  /// Names the history that ids belong to; another one has another name.
  const std::string& history_name() const { return history_name_; }

 private:
  void save();

  PositionFile file_;
  std::string history_name_;
  AlertFeed feed_;
};

}  // namespace rearview

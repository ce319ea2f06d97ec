#include "app/nalu_command.h"

#include <fmt/core.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "base/printable_url.h"
#include "base/tcp_connection.h"
#include "base/termination.h"
#include "h264/annexb_splitter.h"
#include "h264/stream_summary.h"
#include "receive/input_file.h"
#include "receive/libav_input.h"
#include "receive/stream_url.h"

namespace rearview {
namespace {

using h264::NalUnit;
using h264::StreamSummary;
using nlohmann::ordered_json;

constexpr std::chrono::milliseconds kConnectTimeout(10'000);
constexpr std::chrono::milliseconds kLook(50);  // between two looks for a signal

/// Lines to standard output. A reader that goes away (`| head`) ends the work, not with an error.
class Printer {
 public:
  explicit Printer(bool json) : json_(json) {}

  void nal(const NalUnit& nal, std::optional<double> t_s) {
    const std::string name = h264::nal_type_name(nal.type());
    if (!json_) {
      print(fmt::format("Found NALU, Type: {}, Length: {} bytes\n", name, nal.bytes.size()));
      return;
    }
    ordered_json line = {{"type", "nal"},
                         {"nal_unit_type", static_cast<int>(nal.type())},
                         {"name", name},
                         {"length", nal.bytes.size()},
                         {"start_code", nal.start_code_size},
                         {"ref_idc", nal.ref_idc()}};
    line["t_s"] = t_s ? ordered_json(*t_s) : ordered_json();
    print(line.dump() + "\n");
  }
  void summary(const StreamSummary& summary, bool live);
  void flush() {
    if (std::fflush(stdout) != 0) closed_ = true;
  }
  bool closed() const { return closed_; }

 private:
  void print(const std::string& text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) closed_ = true;
  }

  bool json_;
  bool closed_ = false;
};

std::string text(const h264::Span& span) {
  if (span.counted == 0) return "unknown";
  return span.least == span.most ? fmt::format("{}", span.least)
                                 : fmt::format("{} to {}", span.least, span.most);
}

ordered_json json(const h264::Span& span) {
  if (span.counted == 0) return nullptr;
  return {{"least", span.least}, {"most", span.most}};
}

std::string delimiters(const StreamSummary& s) {
  const std::uint64_t all = s.pictures();
  if (s.delimited() == 0) return "none";
  if (s.delimited() == all) return "before every picture";
  if (s.delimited_idr() == 0 && s.delimited() == all - s.idr_pictures())
    return "before every picture but IDRs";
  return fmt::format("before {} of {} pictures", s.delimited(), all);
}

std::string start_codes(const StreamSummary& s) {
  if (s.short_start_codes() == 0) return "4 bytes";
  if (s.long_start_codes() == 0) return "3 bytes";
  return fmt::format("4 bytes ({}) and 3 bytes ({})", s.long_start_codes(), s.short_start_codes());
}

/// Bits per second by the times of the pictures, or else by the SPS's frame rate.
std::optional<double> bitrate_bps(const StreamSummary& s) {
  if (s.pictures() < 2) return std::nullopt;
  const double bits = 8.0 * static_cast<double>(s.bytes());
  const auto pictures = static_cast<double>(s.pictures());
  // The last picture's time is its beginning.
  if (const auto seconds = s.seconds(); seconds && *seconds > 0)
    return bits / (*seconds * pictures / (pictures - 1));
  if (!s.seconds() && s.sps() && s.sps()->fps) return bits * *s.sps()->fps / pictures;
  return std::nullopt;
}

template <typename T>
ordered_json or_null(const std::optional<T>& value) {
  ordered_json out;
  if (value.has_value()) out = value.value();
  return out;
}

void Printer::summary(const StreamSummary& s, bool live) {
  const auto& sps = s.sps();
  const double sps_fps = sps ? sps->fps.value_or(0) : 0;  // 0: not in the SPS
  const auto bitrate = bitrate_bps(s);
  std::uint64_t nal_units = 0;
  for (const std::uint64_t count : s.nal_units()) nal_units += count;
  if (json_) {
    ordered_json line = {{"type", "summary"}, {"nal_units", nal_units}, {"bytes", s.bytes()}};
    line["nal_units_by_type"] = ordered_json::object();
    for (std::size_t type = 0; type < s.nal_units().size(); ++type) {
      if (s.nal_units()[type] > 0)
        line["nal_units_by_type"][std::to_string(type)] = s.nal_units()[type];
    }
    line["pictures"] = s.pictures();
    line["idr_pictures"] = s.idr_pictures();
    line["b_pictures"] = s.b_pictures();
    line["width_px"] = sps ? ordered_json(sps->width_px) : ordered_json();
    line["height_px"] = sps ? ordered_json(sps->height_px) : ordered_json();
    line["size_changes"] = s.size_changes();
    line["profile"] = sps ? ordered_json(h264::profile_name(*sps)) : ordered_json();
    line["level"] = sps ? ordered_json(h264::level_name(*sps)) : ordered_json();
    line["fps_sps"] = nullptr;
    if (sps_fps > 0) line["fps_sps"] = sps_fps;
    line["fps_measured"] = or_null(s.measured_fps());
    line["bitrate_bps"] = or_null(bitrate);
    line["seconds"] = or_null(s.seconds());
    line["gop_pictures"] = json(s.gop());
    line["slices_per_picture"] = json(s.slices_per_picture());
    line["delimiters"] = delimiters(s);
    line["start_codes_4"] = s.long_start_codes();
    line["start_codes_3"] = s.short_start_codes();
    print(line.dump() + "\n");
    flush();
    return;
  }
  const auto row = [this](const char* title, const std::string& value) {
    print(fmt::format("  {:<20}{}\n", title, value));
  };
  print("Summary\n");
  std::string size = sps ? fmt::format("{}x{}", sps->width_px, sps->height_px) : "unknown: no SPS";
  if (s.size_changes() > 0) size += fmt::format(", the last of {}", s.size_changes() + 1);
  row("resolution", size);
  std::string rate =
      sps_fps > 0 ? fmt::format("{:.6g} fps by the SPS", sps_fps) : "none in the SPS";
  if (const auto measured = s.measured_fps())
    rate += fmt::format(", {:.2f} fps {}", *measured, live ? "as received" : "by the time stamps");
  row("frame rate", rate);
  row("GOP", s.gop().counted > 0 ? text(s.gop()) + " pictures"
                                 : fmt::format("unknown: {} IDR pictures", s.idr_pictures()));
  row("bitrate", bitrate ? fmt::format("{:.0f} kbit/s", *bitrate / 1000) : "unknown");
  row("delimiters", delimiters(s));
  row("profile and level",
      sps ? fmt::format("{}, level {}", h264::profile_name(*sps), h264::level_name(*sps))
          : "unknown");
  row("B-frames", s.b_pictures() > 0 ? fmt::format("{} pictures", s.b_pictures()) : "none");
  row("slices per picture", text(s.slices_per_picture()));
  row("start codes", start_codes(s));
  row("seen",
      fmt::format("{} NAL units, {} pictures, {} bytes", nal_units, s.pictures(), s.bytes()));
  flush();
}

class Listing {
 public:
  Listing(const NaluOptions& options) : options_(options), printer_(options.json) {}

  int run() {
    const std::string problem = url_problem(options_.input);
    if (!problem.empty())
      throw UsageError(fmt::format("{}: {}", printable_url(options_.input), problem));
    if (const auto endpoint = tcp_address(options_.input)) {
      read_tcp(*endpoint);
    } else if (is_file(options_.input)) {
      InputFile file(file_path(options_.input), termination_.token());
      if (file.holds_raw_h264())
        read_raw(file);
      else
        read_container(std::move(file));
    } else {
      read_container(options_.input);
    }
    summary_.finish();
    if (!printer_.closed()) printer_.summary(summary_, live_);
    if (!failure_.empty()) throw std::runtime_error(failure_);
    return kExitDone;
  }

 private:
  bool go_on() { return !printer_.closed() && !termination_.requested(); }

  h264::AnnexBSplitter::Sink sink() {
    return [this](const NalUnit& nal) {
      printer_.nal(nal, t_s_);
      summary_.add(nal, t_s_);
    };
  }

  void read_tcp(const Endpoint& endpoint) {
    live_ = true;
    TcpConnection connection({});
    connection.connect(endpoint, kConnectTimeout);
    std::array<std::uint8_t, 65536> buffer;
    std::optional<SteadyTime> start;
    while (go_on()) {
      const auto read = connection.read(buffer, kLook);
      if (read.status == TcpConnection::Status::quiet) continue;
      if (read.status != TcpConnection::Status::data) {
        if (read.reason != TcpConnection::kClosedByPeer)
          failure_ = fmt::format("{}: {}", endpoint.text(), read.reason);
        break;
      }
      const SteadyTime now = SteadyClock::now();
      if (!start) start = now;
      t_s_ = seconds_between(*start, now);
      splitter_.push(std::span(buffer).first(read.bytes), sink());
      printer_.flush();
    }
    splitter_.flush(sink());
  }

  void read_raw(InputFile& file) {
    std::array<std::uint8_t, 65536> buffer;
    while (go_on()) {
      const std::size_t size = file.read(buffer);
      if (size == 0) break;
      splitter_.push(std::span(buffer).first(size), sink());
      if (!file.can_rewind()) printer_.flush();
    }
    splitter_.flush(sink());
  }

  /// source: an InputFile, or an address.
  template <typename Source>
  void read_container(Source source) {
    std::optional<LibavInput> input;
    try {
      input.emplace(std::move(source), LibavInput::Options{.stop = termination_.token()});
    } catch (const std::runtime_error& error) {
      throw UsageError(fmt::format("{}: {}", printable_url(options_.input), error.what()));
    }
    if (!input->is_h264())
      throw UsageError(fmt::format("{}: its video isn't H.264", printable_url(options_.input)));
    LibavInput::Packet packet;
    while (go_on()) {
      const auto status = input->read(packet);
      if (status == LibavInput::Status::failed) failure_ = input->error();
      if (status != LibavInput::Status::packet) break;
      t_s_ = packet.pts_s;
      splitter_.push(packet.bytes, sink());
      splitter_.flush(sink());  // a packet holds whole NAL units
      printer_.flush();
    }
  }

  const NaluOptions& options_;
  Termination termination_;
  Printer printer_;
  StreamSummary summary_;
  h264::AnnexBSplitter splitter_;
  std::optional<double> t_s_;
  bool live_ = false;
  std::string failure_;
};

}  // namespace

int nalu_command(const NaluOptions& options) {
  return Listing(options).run();
}

}  // namespace rearview

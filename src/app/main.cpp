#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <exception>
#include <functional>
#include <thread>

extern "C" {
#include <libavutil/log.h>
}

#include "app/access_command.h"
#include "app/analyze_command.h"
#include "app/archive_command.h"
#include "app/collect_command.h"
#include "app/config.h"
#include "app/discover_command.h"
#include "app/eval_command.h"
#include "app/export_command.h"
#include "app/models_command.h"
#include "app/nalu_command.h"
#include "app/program.h"
#include "app/serve_command.h"
#include "app/view_program.h"
#include "archive/archive_job.h"
#include "base/error.h"
#include "base/hangup_watcher.h"
#include "base/settings_text.h"
#include "publish/mqtt_client.h"

namespace rearview {
namespace {

using Command = std::function<int()>;

void add_serve(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<ServeOptions>();
  CLI::App* command = app.add_subcommand(
      "serve", "receive, analyse and serve: alerts and the live overlay over HTTP");
  command->add_option("--config", options->config, "configuration file (JSON)")->type_name("FILE");
  command->add_option("--camera", options->camera_url, "address of the first camera")
      ->type_name("URL");
  command->add_option("--http", options->http, "where to serve")->type_name("HOST:PORT");
  command
      ->add_option("--ndjson", options->ndjson, "JSON lines: on standard output, or a Unix socket")
      ->type_name("-|SOCKET");
  command->add_option("--after", options->after, "with --ndjson -: begin behind this alert")
      ->type_name("ID");
  command
      ->add_option("--store", options->store,
                   "where to keep alerts, snapshots and clips; none: in memory")
      ->type_name("FOLDER|none");
  command->add_option("--pair", options->pair, "show a code that lets one device in")
      ->type_name("view|admin")
      ->expected(0, 1)
      ->default_str("admin")
      ->check(CLI::IsMember({"view", "admin"}));
  command->add_flag("--insecure", options->insecure,
                    "let everybody in the network watch, delete and lock");
  command->add_flag("--check-config", options->check_config,
                    "read the configuration, load the stages, and end");
  auto discover = std::make_shared<bool>(false);
  command->add_flag("--discover", *discover, "list the cameras in the network, and end");
  command->callback([options, discover, &chosen] {
    chosen = [options, discover] {
      return *discover ? discover_command() : serve_command(*options);
    };
  });
}

CLI::Option* add_before(CLI::App* command, double& before_s) {
  return command
      ->add_option("--before-s", before_s,
                   "seconds of a ride's chunks before that are analysed with each; 0: none")
      ->check(CLI::Range(0.0, kLongestBefore_s))
      ->capture_default_str();
}

void add_analyze(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<AnalyzeOptions>();
  auto archive = std::make_shared<ArchiveOptions>();
  CLI::App* command = app.add_subcommand("analyze", "analyse a recording, or an archive of them");
  command
      ->add_option("INPUT", archive->inputs,
                   "tcp://host:port, a raw .h264 file, or any video; with --out files, folders, "
                   "addresses, and lists as @LIST")
      ->required();
  command
      ->add_option("--fps", options->fps,
                   "frame rate of raw H.264 (default: as its SPS says, else 30)")
      ->check(CLI::Range(kLeastFps, kMostFps));
  CLI::Option* json =
      command->add_option("--json", options->json, "write JSON lines; - for standard output")
          ->type_name("OUT|-");
  CLI::Option* video = command->add_option("--video", options->video, "write an annotated video")
                           ->type_name("OUT.mp4");
  command->add_option("--config", options->config, "configuration file (JSON)")->type_name("FILE");
  CLI::Option* out =
      command
          ->add_option("--out", archive->out, "keep the results here; make those that are missing")
          ->type_name("FOLDER")
          ->excludes(json)
          ->excludes(video);
  command->add_option("--shard", archive->shard, "of N parts of the inputs the I-th, from 0")
      ->type_name("I/N")
      ->needs(out);
  add_before(command, archive->before_s)->needs(out);
  command->callback([options, archive, &chosen] {
    archive->fps = options->fps;
    archive->config = options->config;
    if (archive->out.empty() && archive->inputs.size() > 1)
      throw UsageError("analyze: one INPUT, or --out FOLDER for several");
    options->input = archive->inputs.front();
    chosen = [options, archive] {
      return archive->out.empty() ? analyze_command(*options) : analyze_archive_command(*archive);
    };
  });
}

/// A NATS server, what lets in there, and how much of it a stream that isn't there yet is to take.
void add_nats(CLI::App* command, NatsAccess& access, int& replicas) {
  command
      ->add_option("--nats", access.url,
                   "the server: nats://[USER:PASSWORD@]HOST[:PORT], tls://…; several of a cluster "
                   "with commas")
      ->type_name("URL")
      ->required();
  command->add_option("--creds", access.credentials_file, "its credentials file")
      ->type_name("FILE");
  command->add_option("--nkey", access.nkey_file, "a seed and its public key")->type_name("FILE");
  command->add_option("--token-file", access.token_file, "its first line is the token")
      ->type_name("FILE");
  command->add_option("--ca", access.ca_file, "authorities to trust for tls://")->type_name("FILE");
  command
      ->add_option("--replicas", replicas,
                   "of what isn't there yet: servers of the cluster that keep it")
      ->check(CLI::Range(1, 5))
      ->capture_default_str();
}

void add_archive(CLI::App& app, Command& chosen) {
  auto archive = std::make_shared<ArchiveOptions>();
  auto queue = std::make_shared<ArchiveQueueOptions>();
  CLI::App* command =
      app.add_subcommand("archive", "analyse an archive with many workers, by NATS JetStream");
  command->require_subcommand(1);
  const auto add = [&](const char* name, const char* what) {
    CLI::App* one = command->add_subcommand(name, what);
    add_nats(one, queue->nats, queue->replicas);
    return one;
  };
  const auto add_settings = [&](CLI::App* one) {
    one->add_option("--config", archive->config, "configuration file (JSON)")->type_name("FILE");
    one->add_option("--ack-wait-s", queue->ack_wait_s,
                    "of a queue that isn't there yet: a worker silent for so long has lost its job")
        ->check(CLI::Range(1.0, 3600.0))
        ->capture_default_str();
  };
  CLI::App* submit = add("submit", "make jobs of recordings");
  submit->add_option("INPUT", archive->inputs, "files, folders, addresses, and lists as @LIST");
  submit->add_option("--fps", archive->fps, "frame rate of raw H.264 (default: as its SPS says)")
      ->check(CLI::Range(kLeastFps, kMostFps));
  submit->add_flag("--again", queue->again, "and of those that have failed");
  add_before(submit, archive->before_s);
  add_settings(submit);
  submit->callback([=, &chosen] { chosen = [=] { return submit_command(*archive, *queue); }; });
  CLI::App* work = add("work", "do jobs, one after the other");
  work->add_option("--out", archive->out, "keep the results here")->type_name("FOLDER")->required();
  work->add_option("--max-deliver", queue->most_tries, "tries after which a job has failed")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  work->add_flag("--until-empty", queue->until_empty, "end when nothing is left to do");
  add_settings(work);
  work->callback([=, &chosen] { chosen = [=] { return work_command(*archive, *queue); }; });
  CLI::App* status = add("status", "how far it is, and what has failed");
  status->add_flag("--watch", queue->watch, "go on until all is done");
  status->callback([=, &chosen] { chosen = [=] { return status_command(*queue); }; });
}

void add_collect(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<CollectOptions>();
  CLI::App* command = app.add_subcommand(
      "collect", "what a fleet's gateways publish by NATS JetStream, into PostgreSQL");
  add_nats(command, options->nats, options->replicas);
  command
      ->add_option("--database", options->database,
                   "where rows go: postgresql://[USER@]HOST[:PORT]/DATABASE; a password is better "
                   "kept in ~/.pgpass")
      ->type_name("URL")
      ->required();
  command->add_option("--name", options->consumer, "collectors of one name share the work")
      ->check([](const std::string& name) {
        const bool good = !name.empty() && name.size() <= 64 &&
                          std::all_of(name.begin(), name.end(), [](unsigned char one) {
                            return std::isalnum(one) != 0 || one == '-' || one == '_';
                          });
        return good ? std::string() : std::string("1 to 64 of A-Z a-z 0-9 - _ would be right");
      })
      ->capture_default_str();
  command
      ->add_option("--keep-days", options->keep_days,
                   "what the stream got longer ago is deleted; 0: nothing is")
      ->check(CLI::Range(0, 36'500))
      ->capture_default_str();
  command
      ->add_option("--silent-s", options->silent_s,
                   "of a gateway not heard for longer nobody knows how its road is")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  command->add_option("--http", options->http, "where to serve")->type_name("HOST:PORT");
  command
      ->add_option("--config", options->config,
                   "configuration file (JSON); its section serve says who may look")
      ->type_name("FILE");
  command
      ->add_option("--store", options->store,
                   "folder with the password and tokens that 'rearview access' made; none: none")
      ->type_name("FOLDER|none");
  command->add_flag("--insecure", options->insecure, "let everybody in the network look");
  command->callback(
      [options, &chosen] { chosen = [options] { return collect_command(*options); }; });
}

void add_eval(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<EvalOptions>();
  CLI::App* command = app.add_subcommand("eval", "score the analysis against ground truth");
  command->add_option("TRUTH", options->truths, "ground truth files (JSON)")->required();
  command->add_option("--config", options->config, "configuration file (JSON)")->type_name("FILE");
  options->jobs = std::max(1U, std::thread::hardware_concurrency());
  command->add_option("--jobs", options->jobs, "clips scored at the same time")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command->add_option("--json", options->json, "write the scores; - for standard output")
      ->type_name("OUT|-");
  command->callback([options, &chosen] { chosen = [options] { return eval_command(*options); }; });
}

void add_export(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<ExportOptions>();
  CLI::App* command = app.add_subcommand("export", "write a stored clip or ride to a file");
  CLI::Option* alert =
      command->add_option("--alert", options->alert, "the alert whose clip it is: an MP4 file")
          ->type_name("ID");
  CLI::Option* ride =
      command->add_option("--ride", options->ride, "the ride, for ride sites: a FIT file")
          ->type_name("ID")
          ->excludes(alert);
  command
      ->add_flag("--feedback", options->feedback,
                 "all clips with marks or missed moments, as ground truth without positions: a ZIP "
                 "file for rearview eval")
      ->excludes(alert)
      ->excludes(ride);
  command->add_flag("--burn", options->burn, "draw what was seen into the clip's pictures")
      ->excludes(ride);
  command->add_option("OUT", options->out, "file to write")->required();
  command->add_option("--store", options->store, "store folder of the service")
      ->type_name("FOLDER");
  command->add_option("--config", options->config, "the service's configuration (JSON)")
      ->type_name("FILE");
  command->callback([options, &chosen] {
    if (!options->alert && !options->ride && !options->feedback)
      throw UsageError(
          "export: say what: --alert ID (its clip), --ride ID (a FIT file) or --feedback (ground "
          "truth)");
    chosen = [options] { return export_command(*options); };
  });
}

void add_nalu(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<NaluOptions>();
  CLI::App* command = app.add_subcommand("nalu", "print the NAL units of a stream or file");
  command->add_option("INPUT", options->input, "tcp://host:port, a raw .h264 file, or any video")
      ->required();
  command->add_flag("--json", options->json, "one JSON object a line");
  command->callback([options, &chosen] { chosen = [options] { return nalu_command(*options); }; });
}

void add_view(CLI::App& app, Command& chosen) {
  CLI::App* command = app.add_subcommand("view", "show the overlay in a window");
  command->prefix_command();  // the rest is that program's
  command->set_help_flag();
  command->callback([command, &chosen] {
    chosen = [command] { return run_view_program(command->remaining()); };
  });
}

void add_models(CLI::App& app, Command& chosen) {
  CLI::App* command = app.add_subcommand("models", "the networks that can be used by name");
  command->require_subcommand(1);
  command->add_subcommand("list", "print them, their licences, and where they are")
      ->callback([&chosen] { chosen = list_models_command; });
  command->add_subcommand("verify", "compare those that are there with their SHA-256")
      ->callback([&chosen] { chosen = verify_models_command; });
  auto name = std::make_shared<std::string>();
  CLI::App* fetch = command->add_subcommand("fetch", "download one");
  fetch->add_option("NAME", *name, "a name of the list")->required();
  fetch->callback([name, &chosen] { chosen = [name] { return fetch_model_command(*name); }; });
}

void add_config(CLI::App& app, Command& chosen) {
  auto what = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand(
      "config", "print all settings: their JSON schema, defaults or documentation");
  command->add_option("WHAT", *what)
      ->required()
      ->check(CLI::IsMember({"schema", "defaults", "docs"}));
  command->callback([what, &chosen] {
    chosen = [what] {
      fmt::print("{}", SettingsText::of<Config>("rearview", "rearview.schema.json",
                                                "rearview serve --check-config --config FILE")
                           .print(*what));
      return kExitDone;
    };
  });
}

/// Of `serve`, not of people.
void add_mqtt_client(CLI::App& app, Command& chosen) {
  app.add_subcommand(kMqttClientCommand, "")->group("")->callback([&chosen] {
    chosen = run_mqtt_client;
  });
}

void add_access(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<AccessOptions>();
  CLI::App* command = app.add_subcommand("access", "who may watch a service: password and tokens");
  command->require_subcommand(1);
  command->add_option("--config", options->config, "the service's configuration (JSON)")
      ->type_name("FILE");
  command->add_option("--store", options->store, "store folder of the service")
      ->type_name("FOLDER");
  command->add_subcommand("list", "print the tokens, without what lets in")
      ->callback(
          [options, &chosen] { chosen = [options] { return list_tokens_command(*options); }; });
  auto name = std::make_shared<std::string>();
  auto scope = std::make_shared<std::string>("view");
  CLI::App* add = command->add_subcommand("add", "make a token and print it");
  add->add_option("NAME", *name, "what it is for")->required();
  add->add_option("--scope", *scope, "view: may look; admin: may delete, lock, let others in")
      ->check(CLI::IsMember({"view", "admin"}))
      ->capture_default_str();
  add->callback([options, name, scope, &chosen] {
    chosen = [options, name, scope] { return add_token_command(*options, *name, *scope); };
  });
  auto id = std::make_shared<std::string>();
  CLI::App* revoke = command->add_subcommand("revoke", "shut out who has this token");
  revoke->add_option("ID", *id, "as list prints it")->required();
  revoke->callback([options, id, &chosen] {
    chosen = [options, id] { return revoke_token_command(*options, *id); };
  });
  command->add_subcommand("password", "set it from standard input; empty: none")
      ->callback([options, &chosen] { chosen = [options] { return password_command(*options); }; });
}

int run(int argc, char** argv, const HangupHold& hangups) {
  av_log_set_level(AV_LOG_FATAL);  // what matters comes back as an error code
  CLI::App app("Bicycle rear-view vision: sees vehicles approach from behind and says so.",
               "rearview");
  app.set_version_flag("--version", [] { return version_text("rearview", library_versions()); });
  app.require_subcommand(1);
  Command chosen;
  add_serve(app, chosen);
  add_access(app, chosen);
  add_analyze(app, chosen);
  add_archive(app, chosen);
  add_collect(app, chosen);
  add_eval(app, chosen);
  add_export(app, chosen);
  add_nalu(app, chosen);
  add_view(app, chosen);
  add_models(app, chosen);
  add_config(app, chosen);
  add_mqtt_client(app, chosen);
  if (const auto done = parse(app, argc, argv)) return *done;
  if (!app.got_subcommand("serve")) hangups.release();
  return chosen();
}

}  // namespace
}  // namespace rearview

int main(int argc, char** argv) {
  const rearview::HangupHold hangups;
  return rearview::run_program("rearview", [&] { return rearview::run(argc, argv, hangups); });
}

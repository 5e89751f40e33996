#include "mock_devices/mock_iot/options.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>

namespace edge::mock {
namespace {

constexpr const char* kFooter = R"(Behaviours (--devices name=behaviour[:metric[:unit]],…):
  normal          steady with noise          drift           creeps up by 0.02 a message
  spike           every 20th far away        stuck           one value for ever
  nan             NaN, null, "unavailable"   garbage         bytes that are no JSON
  silent          three messages, then none  wrong-clock     1970, two days ahead, no zone
  overheat        normal, then 20 degrees more    unknown-device  normal, from an id nobody registered

Journal: JSON lines. {"n","topic","device","behaviour","payload","sha256","bytes","has_time","sent"} for a publish,
{"n","acked"} when the broker has acknowledged it. Times are UTC ms; binary payloads stand as base64:….
Exit: 0 all acknowledged, 1 not, 2 bad command line.)";

void add_broker(CLI::App& app, Options& o) {
  app.add_option("--broker", o.broker, "mqtt://host:port or mqtts://host:port")->capture_default_str();
  app.add_option("--ca-file", o.ca_file, "CA of the broker's certificate (mqtts)")->check(CLI::ExistingFile);
  app.add_option("--username", o.username, "Broker user");
  app.add_option("--password-file", o.password_file, "File whose first line is the password")->check(CLI::ExistingFile);
  app.add_option("--client-id", o.client_id, "MQTT client id (default: made from the process id)");
  app.add_option("--qos", o.qos, "1, or 2 for counting tests")->check(CLI::IsMember({1, 2}))->capture_default_str();
  app.add_option("--max-inflight", o.max_inflight, "Messages not yet acknowledged")
      ->check(CLI::Range(1, 65000))
      ->capture_default_str();
}

void add_fleet(CLI::App& app, Options& o) {
  app.add_option("--site", o.site, "Site code in the topic")->capture_default_str();
  app.add_option("--prefix", o.prefix, "First level of the topic")->capture_default_str();
  app.add_option("--devices", o.devices, "How many normal ones, or name=behaviour[:metric[:unit]],…")
      ->capture_default_str();
  app.add_option("--rate", o.rate, "Messages a second in all; 0 = as fast as possible")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--count", o.count, "End after that many messages");
  app.add_option("--duration", o.duration_s, "End after that many seconds")->check(CLI::NonNegativeNumber);
  app.add_option("--seed", o.seed, "Same seed, same values")->capture_default_str();
  app.add_option("--no-time-share", o.no_time_share,
                 "Share of payloads without ts; they repeat byte for byte, as cheap sensors do")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
}

void add_replay(CLI::App& app, Options& o) {
  auto* replay = app.add_option("--replay", o.replay, "CSV with timestamp,value to send instead of the fleet")
                     ->check(CLI::ExistingFile);
  app.add_option("--device", o.device, "Device of the replay")->capture_default_str()->needs(replay);
  app.add_option("--metric", o.metric, "Metric of the replay")->capture_default_str()->needs(replay);
  app.add_option("--unit", o.unit, "Unit of the replay")->capture_default_str()->needs(replay);
  app.add_option("--time-scale", o.time_scale, "Recorded seconds per real second, in place of --rate")
      ->check(CLI::PositiveNumber)
      ->needs(replay);
}

}  // namespace

Options parse_options(int argc, char** argv) {
  Options o;
  CLI::App app("A fleet of MQTT sensors, good and bad, over a real Paho client.", "mock-iot");
  app.footer(kFooter);
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  add_broker(app, o);
  add_fleet(app, o);
  add_replay(app, o);
  app.add_option("--journal", o.journal, "Write what was sent and acknowledged to this file");
  app.add_option("--drain", o.drain_s, "Seconds to wait for the last acknowledgements")->capture_default_str();
  app.add_flag("--quiet", o.quiet, "No progress on stderr");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    std::exit(app.exit(e) == 0 ? 0 : 2);
  }
  if (o.client_id.empty()) {
    o.client_id = "mock-iot-" + std::to_string(getpid());
  }
  return o;
}

}  // namespace edge::mock

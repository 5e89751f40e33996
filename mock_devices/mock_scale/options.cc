#include "mock_devices/mock_scale/options.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <stdexcept>

namespace edge::mock {
namespace {

constexpr const char* kFooter =
    R"(Commands on standard input, one JSON object a line, each answered by one on standard output once it is so:
  {"do":"arrive","weight":"38440"}   drives on; answered when the deck is still
  {"do":"leave"}                     drives off; answered when the scale is empty and still
  {"do":"put","weight":"38440"}      is there at once
  {"do":"motion","on":true}          wind on the deck
  {"do":"overload","on":true}        the indicator shows an overload
  {"do":"freeze","on":true}          the indicator goes on saying what it says now
  {"do":"sensor","unit":5,"temperature":"-20.5","humidity":"54.6"}
  {"do":"fault","kind":"…","on":true,"unit":3,"every":2,"count":10}
      streams  bad_checksum, split (byte by byte), garbage, cut (half a frame)
      Modbus   late ("delay_ms","spread_ms","value"), dead, wrong_crc, exception ("code"), wrong_unit, short
      all      silence, unplug (the link or port is gone), sign (negative), net ("tare")
  {"do":"clear"}                     no faults, no motion, no overload, not frozen, gross
  {"do":"wait","frames":3}           answered when so many more frames and answers have gone out
  {"do":"state"}
First line on standard output: {"listening":{"serial":[…],"serial_tcp":[…],"modbus_tcp":[…],"modbus_rtu":[…]}}.
Journal: JSON lines {"n","at","out","hex","value","stable"}, an answer's "unit" and "request", "fault", "lost".
Exit: 0 stopped by SIGTERM, 2 bad command line or port.)";

std::chrono::milliseconds from_seconds(double seconds) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::duration<double>(seconds));
}

Weight weight_of(const char* option, const std::string& text) {
  const auto weight = weight_from(text);
  if (!weight) {
    throw std::invalid_argument(std::string(option) + ": \"" + text + "\" is no weight");
  }
  return *weight;
}

struct Texts {
  std::string e = "20", max, profile = "toledo";
  std::vector<std::string> trucks, slaves;
  double pace = 3, stand = 5, gap = 3;
};

void add_options(CLI::App& app, ScaleOptions& o, Texts& t) {
  app.add_option("--serial", o.serial, "Stream on a pseudo terminal under this link (repeatable)");
  app.add_option("--serial-tcp", o.serial_tcp, "Stream as a serial server on address:port (0 = any free)");
  app.add_option("--modbus-tcp", o.modbus_tcp, "Answer Modbus TCP on address:port (0 = any free)");
  app.add_option("--modbus-rtu", o.modbus_rtu, "Answer Modbus RTU on a pseudo terminal under this link");
  app.add_option("--slave", t.slaves, "UNIT=laumas-tlb | dini-dgt | xy-md02[:TEMPERATURE:HUMIDITY] (repeatable)");
  app.add_option("--profile", t.profile, "Indicator family of the streams")->capture_default_str();
  app.add_option("--rate", o.stream.rate, "Frames a second")->check(CLI::Range(0.1, 100.0))->capture_default_str();
  app.add_option("--baud", o.stream.baud, "Bytes leave as slowly as on such a line; 0 = at once")
      ->check(CLI::Range(0, 115200))
      ->capture_default_str();
  app.add_option("--e", t.e, "Display step")->capture_default_str();
  app.add_option("--max", t.max, "Capacity; overload above Max + 9 e");
  app.add_option("--unit", o.unit, "kg, g, t or lb")
      ->check(CLI::IsMember({"kg", "g", "t", "lb"}))
      ->capture_default_str();
  app.add_option("--pace", t.pace, "Seconds a truck takes to stand still")
      ->check(CLI::Range(0.05, 60.0))
      ->capture_default_str();
  app.add_option("--truck", t.trucks, "Weight of a truck that comes by itself (repeatable)");
  app.add_option("--stand", t.stand, "Seconds each of these trucks stands")->capture_default_str();
  app.add_option("--gap", t.gap, "Seconds between two of them")->capture_default_str();
  app.add_flag("--loop", o.loop, "Begin with the first truck again");
  app.add_option("--journal", o.journal, "Write every frame and answer to this file");
}

void convert(ScaleOptions& o, const Texts& t) {
  o.e = weight_of("--e", t.e);
  if (o.e.digits <= 0) {
    throw std::invalid_argument("--e: must be above 0");
  }
  if (!t.max.empty()) {
    o.max = weight_of("--max", t.max);
  }
  for (const auto& truck : t.trucks) {
    o.trucks.push_back(weight_of("--truck", truck));
    if (!steps_of(o.trucks.back(), o.e)) {
      throw std::invalid_argument("--truck: " + truck + " is no multiple of --e " + t.e);
    }
  }
  for (const auto& slave : t.slaves) {
    o.slaves.push_back(parse_slave(slave));
  }
  o.stream.profile = scale::find_profile(t.profile);
  if (o.stream.profile == nullptr) {
    std::string known;
    for (const auto& profile : scale::profiles()) {
      known += " " + std::string(profile.name);
    }
    throw std::invalid_argument("--profile: \"" + t.profile + "\" is none of" + known);
  }
  o.pace = from_seconds(t.pace);
  o.stand = from_seconds(t.stand);
  o.gap = from_seconds(t.gap);
}

}  // namespace

ScaleOptions parse_scale_options(int argc, char** argv) {
  ScaleOptions o;
  Texts t;
  CLI::App app("A weighbridge indicator and Modbus devices, good and bad, on pseudo terminals and TCP ports.",
               "mock-scale");
  app.footer(kFooter);
  add_options(app, o, t);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    std::exit(app.exit(e) == 0 ? 0 : 2);
  }
  convert(o, t);
  return o;
}

}  // namespace edge::mock

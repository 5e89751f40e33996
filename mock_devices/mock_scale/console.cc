#include "mock_devices/mock_scale/console.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace edge::mock {
namespace {

using nlohmann::json;

std::string text(const json& command, const char* key) {
  const auto found = command.find(key);
  if (found == command.end() || !found->is_string()) {
    throw std::invalid_argument(std::string("\"") + key + "\" must be a text");
  }
  return found->get<std::string>();
}

std::int64_t number(const json& command, const char* key, std::int64_t otherwise, std::int64_t least = 0) {
  const auto found = command.find(key);
  if (found == command.end()) {
    return otherwise;
  }
  if (!found->is_number_integer() || found->get<std::int64_t>() < least) {
    throw std::invalid_argument(std::string("\"") + key + "\" must be an integer from " + std::to_string(least));
  }
  return found->get<std::int64_t>();
}

bool on(const json& command) {
  const auto found = command.find("on");
  return found == command.end() || (found->is_boolean() && found->get<bool>());
}

Weight weight(const json& command, const char* key) {
  const auto found = weight_from(text(command, key));
  if (!found) {
    throw std::invalid_argument(std::string("\"") + key + "\" is no weight");
  }
  return *found;
}

std::int64_t steps(const json& command, const Weight& e) {
  const auto found = steps_of(weight(command, "weight"), e);
  if (!found) {
    throw std::invalid_argument("\"weight\" is no multiple of " + to_text(e));
  }
  return *found;
}

bool is_line_fault(const std::string& kind) {
  const auto in = [&](const auto& kinds) { return std::find(kinds.begin(), kinds.end(), kind) != kinds.end(); };
  return in(kStreamFaults) || in(kModbusFaults) || in(kLineFaults);
}

Fault fault_of(const json& command, std::string kind) {
  Fault fault;
  fault.kind = std::move(kind);
  if (command.contains("unit")) {
    fault.unit = static_cast<int>(number(command, "unit", 1, 1));
  }
  fault.every = static_cast<int>(number(command, "every", 1, 1));
  fault.count = number(command, "count", -1, 1);
  fault.delay = std::chrono::milliseconds(number(command, "delay_ms", 0));
  fault.spread = std::chrono::milliseconds(number(command, "spread_ms", 0));
  fault.code = static_cast<int>(number(command, "code", 4, 1));
  if (fault.kind == "late") {
    fault.value = text(command, "value");
  }
  return fault;
}

}  // namespace

void Console::hear(std::string_view bytes, Ticks now) {
  heard_ += bytes;
  for (auto end = heard_.find('\n'); end != std::string::npos; end = heard_.find('\n')) {
    line(std::string_view(heard_).substr(0, end), now);
    heard_.erase(0, end + 1);
  }
}

void Console::line(std::string_view text_line, Ticks now) {
  const json command = json::parse(text_line, nullptr, false);
  try {
    if (!command.is_object()) {
      throw std::invalid_argument("not a JSON object");
    }
    carry_out(command, now);
  } catch (const std::exception& e) {
    say_(json{{"error", e.what()}}.dump());
  }
}

void Console::carry_out(const json& command, Ticks now) {
  const std::string what = text(command, "do");
  if (what == "arrive" || what == "leave" || what == "put") {
    return move(command, now);
  }
  if (what == "wait") {
    waiting_.push_back({what, false, scene_.journal.count() + number(command, "frames", 1, 1)});
    return;
  }
  if (what == "motion") {
    scene_.indicator.set_motion(on(command));
  } else if (what == "overload") {
    scene_.indicator.set_overload(on(command));
  } else if (what == "freeze") {
    scene_.indicator.set_frozen(on(command), now);
  } else if (what == "fault") {
    fault(command);
  } else if (what == "sensor") {
    sensor(command);
  } else if (what == "clear") {
    clear(now);
  } else if (what != "state") {
    throw std::invalid_argument("unknown command \"" + what + "\"; mock-scale --help lists them");
  }
  done(what, now);
}

void Console::move(const json& command, Ticks now) {
  const std::string what = text(command, "do");
  const std::int64_t to = what == "leave" ? 0 : steps(command, scene_.indicator.e());
  if (what == "put") {
    scene_.platform.put(to);
  } else {
    scene_.platform.move_to(to, now);
  }
  waiting_.push_back({what, true, 0});
}

void Console::fault(const json& command) {
  const std::string kind = text(command, "kind");
  if (kind == "sign") {
    scene_.indicator.set_negative(on(command));
  } else if (kind == "net") {
    scene_.indicator.set_tare(on(command) ? std::optional<Weight>(weight(command, "tare")) : std::nullopt);
  } else if (!is_line_fault(kind)) {
    throw std::invalid_argument("unknown fault \"" + kind + "\"; mock-scale --help lists them");
  } else if (on(command)) {
    const Fault made = fault_of(command, kind);
    for (const Slave& slave : slaves_) {
      const bool concerned = kind == "late" && (!made.unit || made.unit == slave.unit);
      if (concerned && !can_say(slave, made.value)) {
        throw std::invalid_argument("\"value\" is none that slave " + std::to_string(slave.unit) + " can say");
      }
    }
    scene_.faults.add(made);
  } else {
    const auto unit = number(command, "unit", 0);
    scene_.faults.remove(kind, unit == 0 ? std::nullopt : std::optional<int>(static_cast<int>(unit)));
  }
  set_plugged(!scene_.faults.on("unplug"));
}

void Console::sensor(const json& command) {
  const auto unit = number(command, "unit", 0, 1);
  const auto slave = std::find_if(slaves_.begin(), slaves_.end(), [&](const Slave& s) { return s.unit == unit; });
  if (slave == slaves_.end()) {
    throw std::invalid_argument("no such unit");
  }
  for (const auto& [key, value] : {std::pair{"temperature", &slave->temperature}, {"humidity", &slave->humidity}}) {
    if (command.contains(key)) {
      if (!is_register_value(text(command, key))) {
        throw std::invalid_argument(std::string("\"") + key + "\" does not fit a register of tenths");
      }
      *value = text(command, key);
    }
  }
}

void Console::set_plugged(bool plugged) {
  for (const auto& output : outputs_) {
    if (plugged) {
      output->port().plug();
    } else {
      output->port().unplug();
      output->forget();
    }
  }
}

void Console::clear(Ticks now) {
  scene_.faults.clear();
  scene_.indicator.set_motion(false);
  scene_.indicator.set_overload(false);
  scene_.indicator.set_frozen(false, now);
  scene_.indicator.set_negative(false);
  scene_.indicator.set_tare(std::nullopt);
  set_plugged(true);
}

void Console::step(Ticks now) {
  const bool at_rest = !scene_.platform.at(now).motion;
  const auto is_due = [&](const Waiting& w) { return w.for_rest ? at_rest : scene_.journal.count() >= w.count; };
  for (const Waiting& waiting : waiting_) {
    if (is_due(waiting)) {
      done(waiting.what, now);
    }
  }
  std::erase_if(waiting_, is_due);
}

void Console::done(std::string_view what, Ticks now) {
  const Display display = scene_.indicator.at(now);
  const json answer{{"done", what},
                    {"shown", to_text(display.shown())},
                    {"stable", display.stable},
                    {"over", display.over},
                    {"sent", scene_.journal.count()}};
  say_(answer.dump());
}

}  // namespace edge::mock

#include "agent/cli/ask.h"

#include <array>
#include <cstdio>
#include <iostream>

#include "agent/ask.h"
#include "protocols/bytes.h"
#include "protocols/record/time.h"

namespace edge::cli {

using Json = nlohmann::ordered_json;

std::optional<Answer> answer_to(Context& context, const Json& request, std::chrono::milliseconds patience) {
  context.exit_code = kCannot;
  const auto config = load_config(context.config_file);
  if (!config) {
    std::cerr << config.error().detail << '\n';
    return std::nullopt;
  }
  const auto line = ask_agent(*config, request.dump(-1, ' ', false, Json::error_handler_t::replace), patience);
  if (!line) {
    std::cerr << "edge-agent: " << one_line(line.error().detail, 500) << '\n';
    return std::nullopt;
  }
  const auto answer = Json::parse(*line, nullptr, false);
  if (!answer.is_object() || !answer.contains("ok")) {
    std::cerr << "edge-agent: the agent gave no answer that can be read\n";
    return std::nullopt;
  }
  context.exit_code = kYes;
  if (answer["ok"] == true) return Answer{true, answer.value("result", Json()), {}};
  return Answer{false, {}, shown(answer.value("error", Json("no reason given")), 500)};
}

void say_no(Context& context, const std::string& error) {
  std::cerr << "edge-agent: " << error << '\n';
  context.exit_code = kNo;
}

std::optional<Json> ask(Context& context, const Json& request, std::chrono::milliseconds patience) {
  auto answer = answer_to(context, request, patience);
  if (!answer) return std::nullopt;
  if (answer->ok) return std::move(answer->result);
  say_no(context, answer->error);
  return std::nullopt;
}

void print_json(const Json& result) { std::cout << result.dump(2, ' ', false, Json::error_handler_t::replace) << '\n'; }

std::string shown(const Json& value, std::size_t width) {
  if (value.is_null()) return "-";
  const auto text = value.is_string() ? value.get<std::string>()
                                      : value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return text.empty() ? "-" : one_line(text, width);
}

std::string time_of(const Json& value) {
  return value.is_number_integer() ? format_instant(value.get<std::int64_t>()) : "-";
}

std::string bytes_of(const Json& value) {
  static constexpr std::array<const char*, 5> kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
  if (!value.is_number()) return "-";
  auto amount = value.get<double>();
  std::size_t unit = 0;
  for (; amount >= 1024 && unit + 1 < kUnits.size(); ++unit) amount /= 1024;
  std::array<char, 48> text{};
  (void)std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", amount, kUnits[unit]);
  return text.data();
}

}  // namespace edge::cli

#pragma once
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "agent/cli/cli.h"

namespace edge::cli {

inline constexpr std::chrono::seconds kPatience{30};
inline constexpr std::chrono::minutes kLongPatience{10};  ///< for what reads the whole store

struct Answer {
  bool ok = false;
  nlohmann::ordered_json result;  ///< where it is ok
  std::string error;              ///< where it is not, as the agent said it
};
/// Asks the agent, or its file where none runs. Nothing where that failed: the reason is on stderr and the context has
/// its exit code. A no is left to the caller.
std::optional<Answer> answer_to(Context& context, const nlohmann::ordered_json& request,
                                std::chrono::milliseconds patience = kPatience);

/// The result; nothing where there is no answer or the answer is no: the reason is on stderr and the context has its
/// exit code.
std::optional<nlohmann::ordered_json> ask(Context& context, const nlohmann::ordered_json& request,
                                          std::chrono::milliseconds patience = kPatience);

/// Says a no on stderr and notes it.
void say_no(Context& context, const std::string& error);

/// The result on stdout as JSON.
void print_json(const nlohmann::ordered_json& result);

/// One line of plain text for a terminal, at most `width` characters.
std::string shown(const nlohmann::ordered_json& value, std::size_t width = 200);

/// "2026-02-23T10:00:00.000Z" or "-" for null.
std::string time_of(const nlohmann::ordered_json& value);

/// "12.3 MiB".
std::string bytes_of(const nlohmann::ordered_json& value);

}  // namespace edge::cli

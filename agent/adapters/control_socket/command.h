#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "agent/adapters/control_socket/commands.h"
#include "protocols/result.h"

/// What the files of commands share.
namespace edge::control {

using Json = nlohmann::ordered_json;
using Run = Result<Json> (*)(const Json& request, const CommandPorts& ports);
struct Command {
  const char* name;
  Run run;
};

inline constexpr std::int64_t kListLimit = 1'000;  ///< most rows of one answer

// One table a file.
std::span<const Command> ticket_commands();
std::span<const Command> alibi_commands();
std::span<const Command> tap_commands();
std::span<const Command> reconcile_commands();

/// The integer under `key`, `fallback` where it is missing. Errors: kMalformed.
Result<std::int64_t> whole(const Json& request, const char* key, std::int64_t fallback);
/// The text under `key`, empty where it is missing. Errors: kMalformed.
Result<std::string> text(const Json& request, const char* key);
/// Every text of a request at once. Errors: kMalformed with the first that is none.
struct TextField {
  const char* key;
  std::string* out;
};
Result<void> texts(const Json& request, std::initializer_list<TextField> fields);

struct Page {
  std::size_t limit;
  RowId after;
};
Result<Page> page_of(const Json& request);

/// A record with the keys it has on the wire.
Json record_json(const wire::Record& record);

}  // namespace edge::control

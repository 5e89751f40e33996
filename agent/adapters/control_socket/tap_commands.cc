#include "agent/adapters/control_socket/command.h"
#include "agent/core/tap.h"

namespace edge::control {
namespace {

Result<Json> lines(const Json& request, const CommandPorts& ports) {
  const auto source = text(request, "source");
  if (!source) return tl::unexpected(source.error());
  const auto page = page_of(request);
  if (!page) return tl::unexpected(page.error());
  if (ports.tap == nullptr) return fail(Errc::kUnavailable, "no agent is running");
  Json out = Json::array();
  for (const auto& line : ports.tap->since(page->after, *source, page->limit)) {
    out.push_back(
        {{"number", line.number}, {"at", line.at}, {"source", line.source}, {"hex", line.hex}, {"what", line.what}});
  }
  return out;
}

constexpr Command kCommands[] = {{"tap", lines}};

}  // namespace

std::span<const Command> tap_commands() { return kCommands; }

}  // namespace edge::control

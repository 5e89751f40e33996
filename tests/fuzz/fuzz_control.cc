// Any line on the control socket: one line of JSON comes back, whatever was asked.
#include <nlohmann/json.hpp>
#include <string>

#include "agent/adapters/control_socket/commands.h"
#include "agent/adapters/sqlite_store/sqlite_store.h"
#include "agent/core/tap.h"
#include "check.h"
#include "protocols/bytes.h"
#include "tests/support/fake_clock.h"
#include "tests/support/rows.h"
#include "tests/support/temp_dir.h"
#include "tests/support/weighings.h"

namespace {

using namespace edge;

/// A store with a row that waits, a dead letter, a weighing and a ticket.
struct Agent {
  Agent() {
    StoreOptions options;
    options.dir = dir.path();
    options.gateway = "gw-1";
    options.min_free = 0;
    options.ballast_bytes = 0;
    store = std::move(*SqliteStore::open(options, clock));
    auto rows = test::rows(3, clock.utc_ms());
    check(store->append(rows, {{"messages", 1}}).has_value(), "rows are stored");
    const auto pending = store->pending(1, clock.utc_ms(), true);
    Outcome refused;
    refused.id = pending->front().id, refused.kind = Outcome::Kind::kDead, refused.code = "unknown_site";
    check(store->settle({&refused, 1}, clock.utc_ms()).has_value(), "one is refused");
    check(store->record(test::weighing(clock.utc_ms()), {}).has_value(), "a truck is weighed");
    check(store->finish(0, test::ticket(clock.utc_ms(), "correct"), "S1").has_value(), "a ticket is made");
    tap.note("ws1", "ST,GS,+0000000kg\r\n", "sample", clock.utc_ms());
  }

  test::TempDir dir;
  test::FakeClock clock;
  std::unique_ptr<SqliteStore> store;
  Tap tap;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static Agent agent;
  CommandPorts ports{[]() -> Result<AgentStatus> { return AgentStatus{}; },
                     *agent.store,
                     *agent.store,
                     [] {},
                     [] { return Result<void>(); }};
  ports.gateway = "gw-1";
  ports.weighings = agent.store.get();
  ports.tickets = agent.store.get();
  ports.tap = &agent.tap;
  ports.state = agent.store.get();
  const std::string answer = answer_command(view(bytes, size), ports);
  check(answer.find('\n') == std::string::npos, "an answer is one line");
  const auto json = nlohmann::json::parse(answer, nullptr, false);
  check(json.is_object() && json.contains("ok") && json["ok"].is_boolean(), "an answer says whether");
  check(json["ok"] == true || (json["error"].is_string() && !json["error"].get<std::string>().empty()), "or why not");
  return 0;
}

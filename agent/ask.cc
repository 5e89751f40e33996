#include "agent/ask.h"

#include <sys/stat.h>
#include <unistd.h>

#include "agent/adapters/control_socket/commands.h"
#include "agent/adapters/control_socket/control_socket.h"
#include "agent/adapters/sqlite_store/sqlite_store.h"
#include "agent/adapters/sqlite_store/store_copy.h"
#include "agent/adapters/system_clock/system_clock.h"
#include "agent/settings.h"
#include "agent/version.h"
#include "protocols/wire/gateway.h"

namespace edge {
namespace {

Result<void> become_owner(const std::filesystem::path& directory) {
  struct stat facts {};
  if (::stat(directory.c_str(), &facts) != 0) {
    return fail(Errc::kNotFound, "no agent is running and there is no store in " + directory.string());
  }
  if (::geteuid() != 0 || facts.st_uid == 0) return {};
  if (::setegid(facts.st_gid) != 0 || ::seteuid(facts.st_uid) != 0) {
    return fail(Errc::kIo, "cannot become the owner of " + directory.string());
  }
  return {};
}

/// Nobody answers on the socket, and what is made now will be the agent's own.
Result<void> expect_no_agent(const Config& config) {
  const auto answer = ask_control_socket(config.gateway.socket, R"({"command":"scales"})");
  if (answer || answer.error().code != Errc::kUnavailable) {
    return fail(Errc::kRefused, "edge-agent is running: stop it first (systemctl stop edge-agent)");
  }
  (void)::umask(0027);  // as the running agent's: nothing is for everybody
  return become_owner(config.gateway.state_dir);
}

AgentStatus status_of(SqliteStore& store, const Config& config, const Clock& clock, Audit audit) {
  AgentStatus out;
  out.gateway = config.gateway.id;
  out.version = kVersion;
  out.running = false;
  out.facts = {clock.utc_ms(),    clock.state(),    store.identity(), store.size(),
               store.accepting(), std::move(audit), SyncStatus{},     {}};
  out.facts.sync.state = "stopped";
  out.facts.sync.reason = "no agent is running";
  out.facts.sync.code = "not_running";
  out.health = judge_health(out.facts);
  if (const auto kept = store.load_config(); kept && *kept) {
    if (const auto parsed = wire::parse_config(**kept)) out.policy.version = parsed->version;
  }
  return out;
}

}  // namespace

Result<std::string> ask_agent(const Config& config, std::string_view request, std::chrono::milliseconds patience) {
  auto answer = ask_control_socket(config.gateway.socket, request, patience);
  if (answer || answer.error().code != Errc::kUnavailable) return answer;
  if (const auto owner = become_owner(config.gateway.state_dir); !owner) return tl::unexpected(owner.error());
  if (!std::filesystem::exists(config.gateway.state_dir / "edge.sqlite")) {
    return fail(Errc::kNotFound, "no agent is running and there is no store in " + config.gateway.state_dir.string());
  }
  const SystemClock clock;
  auto options = store_options(config);
  options.upkeep = false;  // the running agent's work
  auto store = SqliteStore::open(options, clock);
  if (!store) return tl::unexpected(store.error());
  CommandPorts ports{[&]() -> Result<AgentStatus> {
                       auto audit = (*store)->audit();
                       if (!audit) return tl::unexpected(audit.error());
                       return status_of(**store, config, clock, *std::move(audit));
                     },
                     **store,
                     **store,
                     nullptr,
                     nullptr,
                     config.gateway.id,
                     store->get(),
                     store->get(),
                     nullptr,
                     nullptr,
                     store->get(),
                     nullptr,
                     store->get()};
  return answer_command(request, ports);
}

Result<std::filesystem::path> restore_store(const Config& config, const std::filesystem::path& backup) {
  if (auto alone = expect_no_agent(config); !alone) return tl::unexpected(alone.error());
  return restore_backup(store_options(config), backup, SystemClock());
}

Result<std::pair<std::int64_t, std::int64_t>> compact_files(const Config& config) {
  if (auto alone = expect_no_agent(config); !alone) return tl::unexpected(alone.error());
  return compact_store(store_options(config)).map([](const Compacted& sizes) {
    return std::pair(sizes.before, sizes.after);
  });
}

}  // namespace edge

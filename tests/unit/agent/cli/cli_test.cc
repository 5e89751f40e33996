#include "agent/cli/cli.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "agent/adapters/sqlite_store/sqlite_store.h"
#include "tests/support/fake_clock.h"
#include "tests/unit/agent/cli/command_line.h"

namespace edge::cli {
namespace {

namespace fs = std::filesystem;

class CommandLine : public test::CommandLine {
 protected:
  void make_store() {
    StoreOptions options;
    options.dir = dir_.path() / "state";
    options.gateway = "gw1";
    options.max_bytes = 256 << 20;
    options.min_free = 0;
    const auto store = SqliteStore::open(options, clock_);
    ASSERT_TRUE(store) << store.error().detail;
    NewObservation row;
    row.observation.site = "s1";
    row.observation.device = "d1";
    row.observation.type = "temperature";
    row.observation.value = "28.50";
    row.observation.received_at = row.observation.observed_at = clock_.utc_ms();
    row.observation.raw_sha256 = std::string(64, 'a');
    ASSERT_TRUE((*store)->append({&row, 1}, {{"messages", 1}, {"decoded", 1}, {"readings", 1}}));
  }
  test::FakeClock clock_;
};

TEST_F(CommandLine, VersionAndHelpAreGood) {
  EXPECT_EQ(line({"version"}).code, kYes);
  EXPECT_TRUE(line({"version"}).out.starts_with("edge-agent "));
  EXPECT_EQ(line({"--help"}).code, kYes);
}

TEST_F(CommandLine, AWrongLineCannotBeDone) {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {}, {"fly"}, {"outbox"}, {"dead-letters", "show"}, {"dead-letters", "requeue"}, {"status", "--yaml"}}) {
    EXPECT_EQ(line(words).code, kCannot);
  }
}

TEST_F(CommandLine, CheckConfigTellsGoodFromIncompleteFromBad) {
  EXPECT_EQ(line({"check-config"}).code, kYes);
  std::ofstream(dir_.path() / "c.toml", std::ios::app) << "ca_file = \"/nonexistent/ca.pem\"\n";
  auto checked = line({"check-config"});
  EXPECT_EQ(checked.code, kNo);
  EXPECT_NE(checked.err.find("[frappe] ca_file: /nonexistent/ca.pem"), std::string::npos);
  fs::permissions(dir_.path() / "key", fs::perms::others_read, fs::perm_options::add);
  EXPECT_EQ(line({"check-config"}).code, kCannot);
  write("c.toml", "[gateway]\nid = 7\n");
  checked = line({"check-config"});
  EXPECT_EQ(checked.code, kCannot);
  EXPECT_NE(checked.err.find("c.toml:2:6: "), std::string::npos);
  EXPECT_NE(checked.err.find("section [frappe] is missing"), std::string::npos);
}

TEST_F(CommandLine, ListKeysIsTabSeparated) {
  const auto listed = line({"check-config", "--list-keys"});
  EXPECT_EQ(listed.code, kYes);
  EXPECT_NE(listed.out.find("frappe.timeout\tduration\t\"30s\"\n"), std::string::npos);
}

TEST_F(CommandLine, RunSaysInOneLineWhyItCannotStart) {
  write("c.toml", "[gateway]\nid = 7\n");
  const auto started = line({"run"});
  EXPECT_EQ(started.code, kCannot);
  EXPECT_EQ(std::count(started.err.begin(), started.err.end(), '\n'), 1) << started.err;
  EXPECT_TRUE(started.err.starts_with("edge-agent: cannot start: "));
}

TEST_F(CommandLine, WithoutAgentAndStoreNothingIsMade) {
  const auto status = line({"status"});
  EXPECT_EQ(status.code, kCannot);
  EXPECT_NE(status.err.find("no agent is running"), std::string::npos);
  EXPECT_FALSE(fs::exists(dir_.path() / "state"));
}

TEST_F(CommandLine, ReadsTheStoreWhileNoAgentRuns) {
  make_store();
  const auto status = line({"status", "--json"});
  const auto json = nlohmann::json::parse(status.out);
  EXPECT_EQ(json["running"], false);
  EXPECT_EQ(json["pending"], 1);
  EXPECT_EQ(json["conservation"]["adds_up"], true);
  EXPECT_NE(line({"status"}).out.find("adds up        yes"), std::string::npos);
  const auto rows = nlohmann::json::parse(line({"outbox", "list", "--json"}).out);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0]["value"], "28.50");
  EXPECT_EQ(rows[0]["tried"], false);
  EXPECT_EQ(line({"outbox", "list", "--after", "1"}).out, "nothing waits\n");
  EXPECT_EQ(line({"dead-letters", "list"}).out, "no dead letters\n");
  EXPECT_EQ(line({"dead-letters", "show", "1"}).code, kNo);
  EXPECT_EQ(line({"dead-letters", "requeue", "--all"}).out, "0 to be sent again\n");
}

}  // namespace
}  // namespace edge::cli

#include "agent/config.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <vector>

namespace edge {
namespace {

constexpr const char* kMinimal = R"([gateway]
id = "gw-silo-a"
[frappe]
url = "https://erp.example.org"
key_file = "/etc/edge-agent/frappe.key"
[mqtt]
url = "mqtts://127.0.0.1:8883"
username = "edge-agent"
password_file = "/etc/edge-agent/mqtt.pass"
ca_file = "/etc/edge-agent/site-ca.pem"
)";

std::string slurp(const std::string& file) {
  std::ifstream in(std::string(EDGE_SOURCE_DIR) + "/" + file);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Config, MinimalFileOfTenLines) {
  const auto config = parse_config_text(kMinimal, "c.toml");
  ASSERT_TRUE(config) << config.error().detail;
  EXPECT_EQ(config->gateway.id, "gw-silo-a");
  EXPECT_EQ(config->mqtt.client_id, "edge-gw-silo-a");
  ASSERT_EQ(config->mqtt.topics.size(), 1U);
  EXPECT_EQ(config->mqtt.topics[0].pattern.subscription(), "yam/+/+/observation");
  EXPECT_EQ(config->frappe.timeout, std::chrono::seconds(30));
  EXPECT_EQ(config->frappe.batch_rows, 500U);
  EXPECT_EQ(config->store.retain_sent, std::chrono::hours(168));
  EXPECT_EQ(config->web.port, 8380);
}

TEST(Config, ShareAndRateOfTheUplink) {
  const std::string text = kMinimal;
  const auto with = [&](const std::string& lines) {
    std::string changed = text;
    return parse_config_text(changed.insert(changed.find("[mqtt]"), lines), "c.toml");
  };
  EXPECT_EQ(with("")->frappe.live_share, 0.7);
  EXPECT_EQ(with("")->frappe.max_rate, 0);
  EXPECT_EQ(with("max_rate = \"\"\n")->frappe.max_rate, 0);
  EXPECT_EQ(with("max_rate = \"64KiB/s\"\n")->frappe.max_rate, 65'536);
  EXPECT_EQ(with("live_share = 1\n")->frappe.live_share, 1);
  EXPECT_EQ(with("live_share = 0.0\n")->frappe.live_share, 0);
}

/// The register maps of this tree instead of the installed ones.
std::string with_our_devices(std::string text) {
  const std::string installed = "/usr/share/edge-agent/devices";
  return text.replace(text.find(installed), installed.size(), std::string(EDGE_SOURCE_DIR) + "/deploy/devices");
}

TEST(Config, ExampleFileIsGood) {
  const auto config = parse_config_text(with_our_devices(slurp("deploy/edge-agent.example.toml")), "example");
  ASSERT_TRUE(config) << config.error().detail;
  ASSERT_EQ(config->mqtt.topics.size(), 2U);
  EXPECT_EQ(config->mqtt.topics[1].shape.value, "/temp");
  ASSERT_EQ(config->converts.size(), 1U);
  EXPECT_EQ(config->converts[0].by.pre_offset, -3200);
  ASSERT_EQ(config->buses.size(), 2U);
  ASSERT_EQ(config->buses[0].slaves.size(), 1U);
  EXPECT_EQ(config->buses[0].slaves[0].registers.values.size(), 2U);
  ASSERT_EQ(config->scales.size(), 2U);
  EXPECT_EQ(config->scales[0].e, (Weight{20, 0}));
  EXPECT_EQ(config->scales[1].registers.name, "laumas-tlb");
}

TEST(Config, ValuesAreRead) {
  const auto config = parse_config_text(std::string(kMinimal) + R"(keepalive = "90s"
[store]
durability = "power-cut"
max_bytes = "2GiB"
min_free = "64MiB"
retain_sent = "36h"
[web]
listen = "[::1]:0"
[log]
level = "debug"
format = "json"
)",
                                        "c.toml");
  ASSERT_TRUE(config) << config.error().detail;
  EXPECT_EQ(config->mqtt.keepalive, std::chrono::seconds(90));
  EXPECT_EQ(config->store.durability, Durability::kPowerCut);
  EXPECT_EQ(config->store.max_bytes, 2LL << 30);
  EXPECT_EQ(config->store.min_free, 64LL << 20);
  EXPECT_EQ(config->store.retain_sent, std::chrono::hours(36));
  EXPECT_EQ(config->web.host, "::1");
  EXPECT_EQ(config->log.level, "debug");
}

/// `line` replaces line `number` of the minimal file, or is put after the last one (11).
struct Case {
  const char* name;
  int number;
  const char* line;
  const char* want;  ///< the one finding
};
std::string with_line(int number, const std::string& line) {
  std::istringstream in(kMinimal);
  std::string out, each;
  for (int n = 1; std::getline(in, each); ++n) out += (n == number ? line : each) + "\n";
  return number > 10 ? out + line + "\n" : out;
}
const Case kCases[] = {
    {"EmptyDevicesDir", 2, "id = \"gw\"\ndevices_dir = \"\"", "c.toml:3:15: [gateway] devices_dir is empty"},
    {"BadId", 2, "id = \"gw silo\"", "c.toml:2:6: [gateway] id must be 1 to 64 characters of A-Z a-z 0-9 . _ : -"},
    {"EmptyId", 2, "id = \"\"", "c.toml:2:6: [gateway] id is empty"},
    {"NumberForText", 2, "id = 7", "c.toml:2:6: [gateway] id must be a text in double quotes"},
    {"MissingId", 2, "", "c.toml:1:1: [gateway] id is missing"},
    {"PlainHttp", 4, "url = \"http://erp.example.org\"",
     "c.toml:4:7: [frappe] url must be https:// (http:// only for an address of this machine)"},
    {"PlainHttpByAName", 4, "url = \"http://127.0.0.1.example.org\"",
     "c.toml:4:7: [frappe] url must be https:// (http:// only for an address of this machine)"},
    {"UserInUrl", 4, "url = \"https://127.0.0.1@evil.example\"",
     "c.toml:4:7: [frappe] url must be an address such as \"https://erp.example.org\""},
    {"NoKey", 5, "", "c.toml:3:1: [frappe] key_file is missing (or credential, the name of a systemd credential)"},
    {"KeyTwice", 5, "key_file = \"/k\"\ncredential = \"frappe-key\"",
     "c.toml:5:12: [frappe] key_file and credential exclude each other"},
    {"CredentialPath", 5, "credential = \"../key\"", "c.toml:5:14: [frappe] credential must be a name, not a path"},
    {"RelativePath", 5, "key_file = \"frappe.key\"", "c.toml:5:12: [frappe] key_file must be an absolute path"},
    {"CertWithoutKey", 5, "key_file = \"/k\"\nclient_cert = \"/c\"",
     "c.toml:6:15: [frappe] client_cert needs both client_cert and client_key"},
    {"Typo", 5, "key_file = \"/k\"\ntimout = \"3s\"", "c.toml:6:1: [frappe] timout is unknown: did you mean timeout?"},
    {"Unknown", 5, "key_file = \"/k\"\nzebra = 1", "c.toml:6:1: [frappe] zebra is unknown"},
    {"UnknownIsEscaped", 5, "key_file = \"/k\"\n\"\\u001bx\" = 1", "c.toml:6:1: [frappe] \\x1bx is unknown"},
    {"LaterKey", 11, "[web]\nlan = true", "c.toml:12:1: [web] lan is not available in this version"},
    {"ShareAboveOne", 5, "key_file = \"/k\"\nlive_share = 1.01",
     "c.toml:6:14: [frappe] live_share must be a number from 0 to 1, such as 0.7"},
    {"ShareAsFlag", 5, "key_file = \"/k\"\nlive_share = true",
     "c.toml:6:14: [frappe] live_share must be a number from 0 to 1, such as 0.7"},
    {"ShareIsNan", 5, "key_file = \"/k\"\nlive_share = nan",
     "c.toml:6:14: [frappe] live_share must be a number from 0 to 1, such as 0.7"},
    {"RateWithoutTime", 5, "key_file = \"/k\"\nmax_rate = \"64KiB\"",
     "c.toml:6:12: [frappe] max_rate must be a rate such as \"64KiB/s\" or \"1MiB/s\""},
    {"RateOfNothing", 5, "key_file = \"/k\"\nmax_rate = \"0B/s\"",
     "c.toml:6:12: [frappe] max_rate must be between 1KiB/s and 1GiB/s"},
    {"DurationWithoutUnit", 5, "key_file = \"/k\"\ntimeout = \"30\"",
     "c.toml:6:11: [frappe] timeout must be a duration such as \"500ms\", \"30s\", \"12h\" or \"7d\""},
    {"DurationTooLong", 5, "key_file = \"/k\"\ntimeout = \"1d\"",
     "c.toml:6:11: [frappe] timeout must be between 1s and 600s"},
    {"RowsTooMany", 5, "key_file = \"/k\"\nbatch_rows = 501",
     "c.toml:6:14: [frappe] batch_rows must be a whole number from 1 to 500"},
    {"TextForFlag", 5, "key_file = \"/k\"\ngzip = \"yes\"", "c.toml:6:8: [frappe] gzip must be true or false"},
    {"HeaderWithLineBreak", 5, "key_file = \"/k\"\nsite_header = \"a\\r\\nX: b\"",
     "c.toml:6:15: [frappe] site_header holds control characters"},
    {"PlainMqtt", 7, "url = \"mqtt://192.0.2.1\"",
     "c.toml:7:7: [mqtt] url must be mqtts:// (mqtt:// only for an address of this machine)"},
    {"OtherScheme", 7, "url = \"tcp://127.0.0.1\"",
     "c.toml:7:7: [mqtt] url must be an address such as \"mqtts://127.0.0.1:8883\""},
    {"PasswordWithoutUser", 8, "", "c.toml:9:17: [mqtt] password_file needs username"},
    {"UnknownSection", 11, "[stor]", "c.toml:11:2: section [stor] is unknown: did you mean store?"},
    {"SmallStore", 11, "[store]\nmax_bytes = \"1MiB\"", "c.toml:12:13: [store] max_bytes must be at least 128MiB"},
    {"BadDurability", 11, "[store]\ndurability = \"x\"",
     "c.toml:12:14: [store] durability must be one of \"default\" \"power-cut\""},
    {"LanListener", 11, "[web]\nlisten = \"0.0.0.0:80\"",
     "c.toml:12:10: [web] listen must be a loopback address: a listener for the LAN is not available in this version"},
    {"LogLevel", 11, "[log]\nlevel = \"loud\"",
     "c.toml:12:9: [log] level must be one of \"debug\" \"info\" \"warning\" \"error\""},
    {"OneBracket", 11, "[mqtt.topic]\npattern = \"a/{device}\"",
     "c.toml:11:1: write [[mqtt.topic]] with two brackets on each side"},
    {"NoSite", 11, "[[mqtt.topic]]\npattern = \"barn/{device}\"",
     "c.toml:12:11: [[mqtt.topic]] pattern without {site} needs [gateway] site"},
    {"OtherDecoder", 11, "[[mqtt.topic]]\npattern = \"{site}/{device}\"\ndecoder = \"xml\"",
     "c.toml:13:11: [[mqtt.topic]] decoder must be one of \"json\""},
    {"ValueWithoutMetric", 11, "[[mqtt.topic]]\npattern = \"{site}/{device}\"\nvalue = \"/t\"",
     "c.toml:13:9: [[mqtt.topic]] metric is missing: what the value measures"},
    {"NoPointer", 11, "[[mqtt.topic]]\npattern = \"{site}/{device}\"\nvalue = \"t\"\nmetric = \"t\"",
     "c.toml:13:9: [[mqtt.topic]] value must be a JSON pointer such as \"/temp\""},
    {"NoConversion", 11, "[[convert]]\nfrom = \"F\"\nto = \"kg\"",
     "c.toml:12:8: [[convert]] no conversion from \"F\" to \"kg\" is known"},
};

class ConfigFinding : public testing::TestWithParam<Case> {};
TEST_P(ConfigFinding, NamesThePlace) {
  const auto config = parse_config_text(with_line(GetParam().number, GetParam().line), "c.toml");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, Errc::kMalformed);
  EXPECT_EQ(config.error().detail, GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(Files, ConfigFinding, testing::ValuesIn(kCases),
                         [](const auto& each) { return each.param.name; });

TEST(Config, EveryFindingIsReportedInOrder) {
  const auto config = parse_config_text("[gateway]\nid = 7\n[log]\nlevel = 1\nformt = 2\n", "c.toml");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().detail,
            "c.toml:2:6: [gateway] id must be a text in double quotes\n"
            "c.toml:4:9: [log] level must be a text in double quotes\n"
            "c.toml:5:1: [log] formt is unknown: did you mean format?\n"
            "c.toml:6:1: section [frappe] is missing");
}

TEST(Config, SyntaxErrorHasItsPlace) {
  const auto config = parse_config_text("[gateway\n", "c.toml");
  ASSERT_FALSE(config);
  EXPECT_TRUE(config.error().detail.starts_with("c.toml:1:")) << config.error().detail;
}

TEST(Config, MissingFileIsNotFound) {
  const auto config = load_config("/nonexistent/edge-agent.toml");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, Errc::kNotFound);
}

/// "| a | b |" as its cells.
std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> out;
  for (std::size_t at = line.find("| "); at == 0 || (!out.empty() && at != std::string::npos);) {
    const auto end = line.find(" |", at + 1);
    if (end == std::string::npos) break;
    out.push_back(end > at + 2 ? line.substr(at + 2, end - at - 2) : "");
    at = end + 1;
  }
  return out;
}

std::string bare(const std::string& cell) {
  return cell.size() > 1 && cell.front() == '`' ? cell.substr(1, cell.size() - 2) : cell;
}

TEST(Config, DocumentationListsEveryKeyWithItsTypeAndDefault) {
  const auto page = slurp("docs/configuration.md");
  std::map<std::string, std::pair<std::string, std::string>> documented;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    const auto cells = cells_of(line);
    if (cells.size() == 5 && cells[0].starts_with('`')) documented[bare(cells[0])] = {cells[1], bare(cells[2])};
  }
  std::map<std::string, std::pair<std::string, std::string>> known;
  for (const auto& key : list_config_keys()) known[key.key] = {key.type, key.fallback};
  EXPECT_EQ(documented, known);
}

/// The listed default, written out, is what the program takes when the key is absent.
TEST(Config, ListedDefaultsAreTheRealOnes) {
  std::string text = kMinimal;
  for (const std::string section : {"store", "web", "log"}) {
    text += "[" + section + "]\n";
    for (const auto& key : list_config_keys()) {
      if (key.key.starts_with(section + ".")) text += key.key.substr(section.size() + 1) + " = " + key.fallback + "\n";
    }
  }
  const auto written = parse_config_text(text, "c.toml");
  const auto absent = parse_config_text(kMinimal, "c.toml");
  ASSERT_TRUE(written && absent) << written.error().detail;
  EXPECT_EQ(written->store.max_bytes, absent->store.max_bytes);
  EXPECT_EQ(written->store.min_free, absent->store.min_free);
  EXPECT_EQ(written->store.retain_sent, absent->store.retain_sent);
  EXPECT_EQ(written->store.durability, absent->store.durability);
  EXPECT_EQ(written->web.port, absent->web.port);
  EXPECT_EQ(written->web.host, absent->web.host);
  EXPECT_EQ(written->log.level, absent->log.level);
  EXPECT_EQ(written->log.format, absent->log.format);
}

}  // namespace
}  // namespace edge

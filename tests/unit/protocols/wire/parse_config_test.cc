#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "protocols/wire/gateway.h"

namespace edge::wire {
namespace {

using Json = nlohmann::json;

// wire.md §5.
constexpr std::string_view kConfig =
    R"({"message":{"version":"1771839000000-7","server_time":1771840801210,"gateway":"gw-silo-a","epoch":"3","time_zone":"Asia/Aden",
 "sites":[{"site":"silo-a","name":"Silo A"}],
 "devices":[{"site":"silo-a","device":"bin3-t1","device_type":"Temperature Sensor","status":"Active","expected_interval_s":60}],
 "policies":[{"name":"Bin temperature","version":"1771500000000","site":"silo-a","type":"temperature","unit":"C","warning":["10","30"],
   "critical":["5","35"],"valid":["-40","85"],"rate_per_hour_max":null,"spike_max":"5","flatline_hours":"12","flatline_eps":"0.05",
   "stale_after_min":30,"on_delay_s":0,"clear_hysteresis":"0.5"}],
 "tolerances":[{"name":"Silo A","version":"1771500000000","site":"silo-a","tolerance_pct":"2.5","tolerance_kg":null,"from":null,"to":null,
   "tare_drift_pct":"2","stored_tare_max_days":90}],
 "reporting":[{"site":"silo-a","type":"*","mode":"every"}],
 "orders":[{"order":"EWO-0031","site":"silo-a","lot":"LOT-2026-14","vehicle":"AB-123-C","driver":"Saleh","direction":"Receive","declared_net_kg":"24800"}],
 "vehicles":[],"operators":[],"lots":[]}})";

TEST(ParseConfig, WireExample) {
  const auto config = parse_config(kConfig);
  ASSERT_TRUE(config) << config.error().detail;
  EXPECT_FALSE(config->unchanged);
  EXPECT_EQ(config->version, "1771839000000-7");
  EXPECT_EQ(config->server_time, 1771840801210);
  EXPECT_EQ(config->gateway, "gw-silo-a");
  EXPECT_EQ(config->epoch, "3");
  EXPECT_EQ(config->time_zone, "Asia/Aden");
  ASSERT_EQ(config->sites.size(), 1U);
  EXPECT_EQ(config->sites[0], std::make_pair(std::string("silo-a"), std::string("Silo A")));
  ASSERT_TRUE(config->devices);
  ASSERT_EQ(config->devices->size(), 1U);
  EXPECT_EQ(config->devices->front().device, "bin3-t1");
  EXPECT_EQ(config->devices->front().expected_interval_s, 60);
  ASSERT_EQ(config->policies.size(), 1U);
  const Policy& policy = config->policies[0];
  EXPECT_EQ(policy.version, "1771500000000");
  EXPECT_EQ(policy.unit, "C");
  EXPECT_EQ(policy.warning.min, "10");
  EXPECT_EQ(policy.critical.max, "35");
  EXPECT_EQ(policy.valid.min, "-40");
  EXPECT_FALSE(policy.rate_per_hour_max);
  EXPECT_EQ(policy.spike_max, "5");
  EXPECT_EQ(policy.flatline_hours, "12");
  EXPECT_EQ(policy.flatline_eps, "0.05");
  EXPECT_EQ(policy.stale_after_min, 30);
  EXPECT_EQ(policy.on_delay_s, 0);
  EXPECT_EQ(policy.clear_hysteresis, "0.5");
}

TEST(ParseConfig, TolerancesOfTheWireExample) {
  const auto config = parse_config(kConfig);
  ASSERT_TRUE(config) << config.error().detail;
  ASSERT_EQ(config->tolerances.size(), 1U);
  const TolerancePolicy& tolerance = config->tolerances[0];
  EXPECT_EQ(tolerance.name, "Silo A");
  EXPECT_EQ(tolerance.version, "1771500000000");
  EXPECT_EQ(tolerance.site, "silo-a");
  EXPECT_EQ(tolerance.tolerance_pct, "2.5");
  EXPECT_FALSE(tolerance.tolerance_kg || tolerance.from || tolerance.to);
  EXPECT_EQ(tolerance.tare_drift_pct, "2");
  EXPECT_EQ(tolerance.stored_tare_max_days, 90);
}

TEST(ParseConfig, OrdersOfTheWireExample) {
  const auto config = parse_config(kConfig);
  ASSERT_TRUE(config) << config.error().detail;
  ASSERT_EQ(config->orders.size(), 1U);
  const ConfigOrder& order = config->orders[0];
  EXPECT_EQ(order.order, "EWO-0031");
  EXPECT_EQ(order.site, "silo-a");
  EXPECT_EQ(order.lot, "LOT-2026-14");
  EXPECT_EQ(order.vehicle, "AB-123-C");
  EXPECT_EQ(order.driver, "Saleh");
  EXPECT_EQ(order.direction, "Receive");
  EXPECT_EQ(order.declared_net_kg, "24800");
}

TEST(ParseConfig, AToleranceMayLeaveAllButSiteAndVersionOut) {
  const auto config = parse_config(R"({"message":{"version":"v","policies":[],"tolerances":[
    {"version":"1","site":"a","tolerance_pct":null},{"version":"1","site":"b","from":5,"to":9,"tolerance_kg":"40"}]}})");
  ASSERT_TRUE(config) << config.error().detail;
  EXPECT_EQ(config->tolerances[0].tolerance_pct, "2.5");
  EXPECT_EQ(config->tolerances[1].from, 5);
  EXPECT_EQ(config->tolerances[1].to, 9);
  EXPECT_EQ(config->tolerances[1].tolerance_kg, "40");
}

TEST(ParseConfig, AnOrderThatCannotBeUsedIsLeftOut) {
  Json json = Json::parse(kConfig);
  json["message"]["orders"].push_back({{"order", "EWO-1"}, {"site", "silo-a"}, {"direction", "Sideways"}});
  json["message"]["orders"].push_back({{"order", "EWO-2"}, {"site", "silo-a"}, {"declared_net_kg", "24,8"}});
  json["message"]["orders"].push_back({{"order", "EWO-3"}, {"site", "silo-a"}});
  const auto config = parse_config(json.dump());
  ASSERT_TRUE(config) << config.error().detail;
  ASSERT_EQ(config->orders.size(), 2U);
  EXPECT_EQ(config->orders[1].order, "EWO-3");
}

TEST(ParseConfig, AnAnswerWithoutTolerancesAndOrdersHasNone) {
  const auto config = parse_config(R"({"message":{"version":"v","policies":[]}})");
  ASSERT_TRUE(config) << config.error().detail;
  EXPECT_TRUE(config->tolerances.empty());
  EXPECT_TRUE(config->orders.empty());
}

TEST(ParseConfig, Unchanged) {
  const auto config = parse_config(R"({"message":{"unchanged":true,"version":"v7"}})");
  ASSERT_TRUE(config);
  EXPECT_TRUE(config->unchanged);
  EXPECT_EQ(config->version, "v7");
}

TEST(ParseConfig, BandsMayBeMissingNullOrOneSided) {
  const auto config = parse_config(R"({"message":{"version":"v","policies":[
    {"version":"1","site":"a","type":"*","unit":null,"warning":null,"critical":[null,"80"]}]}})");
  ASSERT_TRUE(config) << config.error().detail;
  const Policy& policy = config->policies[0];
  EXPECT_FALSE(policy.warning.min || policy.warning.max || policy.valid.min || policy.critical.min);
  EXPECT_EQ(policy.critical.max, "80");
  EXPECT_EQ(policy.unit, "");
}

struct Bad {
  const char* name;
  const char* patch;  ///< JSON patch (RFC 6902) of the example
};
const Bad kBad[] = {
    {"NoVersion", R"([{"op":"remove","path":"/message/version"}])"},
    {"VersionIsANumber", R"([{"op":"replace","path":"/message/version","value":7}])"},
    {"NoPolicies", R"([{"op":"remove","path":"/message/policies"}])"},
    {"PoliciesIsAnObject", R"([{"op":"replace","path":"/message/policies","value":{}}])"},
    {"PolicyIsText", R"([{"op":"replace","path":"/message/policies/0","value":"x"}])"},
    {"PolicyWithoutSite", R"([{"op":"remove","path":"/message/policies/0/site"}])"},
    {"PolicyWithoutType", R"([{"op":"remove","path":"/message/policies/0/type"}])"},
    {"PolicyWithoutVersion", R"([{"op":"remove","path":"/message/policies/0/version"}])"},
    {"UpperCaseType", R"([{"op":"replace","path":"/message/policies/0/type","value":"Temperature"}])"},
    {"UnitIsANumber", R"([{"op":"replace","path":"/message/policies/0/unit","value":7}])"},
    {"LimitIsANumber", R"([{"op":"replace","path":"/message/policies/0/critical/1","value":35}])"},
    {"LimitIsAWord", R"([{"op":"replace","path":"/message/policies/0/critical/1","value":"hot"}])"},
    {"LimitWithComma", R"([{"op":"replace","path":"/message/policies/0/critical/1","value":"35,5"}])"},
    {"BandOfThree", R"([{"op":"add","path":"/message/policies/0/critical/2","value":"36"}])"},
    {"BandIsText", R"([{"op":"replace","path":"/message/policies/0/warning","value":"10-30"}])"},
    {"MinAboveMax", R"([{"op":"replace","path":"/message/policies/0/warning","value":["30","10"]}])"},
    {"SpikeIsANumber", R"([{"op":"replace","path":"/message/policies/0/spike_max","value":5}])"},
    {"StaleIsText", R"([{"op":"replace","path":"/message/policies/0/stale_after_min","value":"30"}])"},
    {"StaleIsNegative", R"([{"op":"replace","path":"/message/policies/0/stale_after_min","value":-1}])"},
    {"SecondPolicyIsBad", R"([{"op":"add","path":"/message/policies/1","value":{"site":"silo-a"}}])"},
    {"DevicesIsAnObject", R"([{"op":"replace","path":"/message/devices","value":{}}])"},
    {"DeviceWithoutId", R"([{"op":"remove","path":"/message/devices/0/device"}])"},
    {"DeviceIsText", R"([{"op":"replace","path":"/message/devices/0","value":"bin3-t1"}])"},
    {"SitesIsText", R"([{"op":"replace","path":"/message/sites","value":"silo-a"}])"},
    {"TolerancesIsText", R"([{"op":"replace","path":"/message/tolerances","value":"x"}])"},
    {"ToleranceIsText", R"([{"op":"replace","path":"/message/tolerances/0","value":"x"}])"},
    {"ToleranceWithoutSite", R"([{"op":"remove","path":"/message/tolerances/0/site"}])"},
    {"ToleranceWithoutVersion", R"([{"op":"remove","path":"/message/tolerances/0/version"}])"},
    {"TolerancePctIsANumber", R"([{"op":"replace","path":"/message/tolerances/0/tolerance_pct","value":2.5}])"},
    {"TolerancePctIsBelowZero", R"([{"op":"replace","path":"/message/tolerances/0/tolerance_pct","value":"-1"}])"},
    {"ToleranceKgIsAWord", R"([{"op":"replace","path":"/message/tolerances/0/tolerance_kg","value":"much"}])"},
    {"ToleranceFromIsText", R"([{"op":"replace","path":"/message/tolerances/0/from","value":"2026-01-01"}])"},
    {"OrdersIsAnObject", R"([{"op":"replace","path":"/message/orders","value":{}}])"},
    {"OrderIsText", R"([{"op":"replace","path":"/message/orders/0","value":"EWO-0031"}])"},
    {"OrderWithoutName", R"([{"op":"remove","path":"/message/orders/0/order"}])"},
    {"OrderWithoutSite", R"([{"op":"remove","path":"/message/orders/0/site"}])"},
    {"SiteWithoutCode", R"([{"op":"remove","path":"/message/sites/0/site"}])"},
};
class BadConfig : public testing::TestWithParam<Bad> {};
TEST_P(BadConfig, IsAnErrorOfTheWhole) {
  const Json json = Json::parse(kConfig).patch(Json::parse(GetParam().patch));
  const auto config = parse_config(json.dump());
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, Errc::kMalformed);
  EXPECT_THAT(config.error().detail, testing::StartsWith("answer of gateway.config: "));
}
INSTANTIATE_TEST_SUITE_P(Patches, BadConfig, testing::ValuesIn(kBad), [](const auto& row) { return row.param.name; });

TEST(ParseConfig, RefusesWhatIsNoAnswer) {
  for (const std::string_view body : {"", "<html>", "{}", R"({"message":"ok"})", R"({"message":[]})", "[", "\xff"}) {
    EXPECT_FALSE(parse_config(body)) << body;
  }
  EXPECT_FALSE(parse_config(kConfig.substr(0, kConfig.size() - 2)));
}

TEST(ParseConfig, ADeviceWhoseIdNoTopicCanCarryIsLeftOut) {
  Json json = Json::parse(kConfig);
  json["message"]["devices"].push_back({{"site", "silo-a"}, {"device", "bin 4 / left"}});
  const auto config = parse_config(json.dump());
  ASSERT_TRUE(config);
  EXPECT_EQ(config->devices->size(), 1U);
}

TEST(BookOf, HoldsPoliciesAndDevices) {
  const PolicyBook book = book_of(parse_config(kConfig).value());
  EXPECT_NE(book.find("silo-a", "temperature"), nullptr);
  EXPECT_FALSE(book.is_unknown("silo-a", "bin3-t1"));
  EXPECT_TRUE(book.is_unknown("silo-a", "bin9-t9"));
}

TEST(BookOf, WithoutADeviceListNoDeviceIsUnknown) {
  Json json = Json::parse(kConfig);
  json["message"].erase("devices");
  const auto config = parse_config(json.dump());
  ASSERT_TRUE(config);
  EXPECT_FALSE(book_of(*config).is_unknown("silo-a", "bin9-t9"));
}

}  // namespace
}  // namespace edge::wire

#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tests/support/scale_rig.h"

namespace edge {

class WeighbridgeTest : public testing::Test {
 protected:
  Result<wire::Weighing> capture(const std::string& override_reason = "") {
    CaptureOrder order;
    order.override_reason = override_reason;
    order.operator_id = "op-7";
    return rig_.bridge->capture(order);
  }
  Result<wire::Weighing> key_in(const std::string& value, const std::string& unit, const std::string& reason,
                                std::optional<std::int64_t> ticket = {}) {
    CaptureOrder order;
    order.ticket = ticket;
    order.pass = ticket ? 2 : 0;
    order.manual_value = value;
    order.manual_unit = unit;
    order.manual_reason = reason;
    return rig_.bridge->capture(order);
  }
  std::size_t kept() { return rig_.store->weighings("ws1", 0, 1'000).value().size(); }
  std::int64_t open_id(const std::string& vehicle, const std::string& direction = "Receive") {
    return rig_.start(vehicle, direction).value().id;
  }
  test::ScaleRig rig_;
};

template <class T>
void expect_refused(const Result<T>& result, std::string_view code) {
  ASSERT_FALSE(result) << code;
  EXPECT_EQ(result.error().code, Errc::kRefused) << result.error().detail;
  EXPECT_THAT(result.error().detail, testing::StartsWith(std::string(code) + ": "));
}
template <class T>
void expect_malformed(const Result<T>& result, std::string_view field) {
  ASSERT_FALSE(result) << field;
  EXPECT_EQ(result.error().code, Errc::kMalformed) << result.error().detail;
  EXPECT_THAT(result.error().detail, testing::StartsWith(std::string(field) + ": "));
}

}  // namespace edge

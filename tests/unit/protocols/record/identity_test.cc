#include "protocols/record/identity.h"

#include <gtest/gtest.h>

#include "protocols/record/sha256.h"

namespace edge {
namespace {

// Every vector is of wire.md §2: gateway gw-silo-a, epoch 3.
constexpr std::string_view kPayload =
    R"({"metric":"temperature","value":28.50,"unit":"C","ts":"2026-02-23T10:00:00Z"})";

TEST(UidOfContent, WireVector) {
  ASSERT_EQ(kPayload.size(), 77U);
  EXPECT_EQ(uid_of_content({"silo-a", "bin3-t1", "temperature", 0, kPayload}), "6f24299c07187094bab81ef655773fca");
  EXPECT_EQ(sha256_hex(kPayload), "fc4bfdc284517c21b8601e716c32b2606a7bdf37e6511ac2ca126b7c671b4af0");
}

TEST(UidOfContent, DependsOnEveryPart) {
  const std::string uid = uid_of_content({"a", "b", "c", 0, "d"});
  EXPECT_NE(uid, uid_of_content({"x", "b", "c", 0, "d"}));
  EXPECT_NE(uid, uid_of_content({"a", "x", "c", 0, "d"}));
  EXPECT_NE(uid, uid_of_content({"a", "b", "x", 0, "d"}));
  EXPECT_NE(uid, uid_of_content({"a", "b", "c", 1, "d"}));
  EXPECT_NE(uid, uid_of_content({"a", "b", "c", 0, "x"}));
}

struct Sequence {
  const char* name;
  const char* kind;
  const char* key;
  const char* uid;
};
const Sequence kSequences[] = {
    {"Observation", "observation", "184468", "4ce755bbfe518743e8e2a3939f461803"},
    {"Weighing412", "weighing", "ws1/412", "932a4af8e6c52ebde94c2cf4d3109adc"},
    {"Weighing413", "weighing", "ws1/413", "cb560f5cdeed2b42a62eb70505f8f62f"},
    {"ScaleTicket", "scale_ticket", "silo-a-S1-3-000207", "d72822587bbbced61a39f584cd0c6b14"},
    {"Gap", "gap", "184470", "38693d4fbe01fef8420f519760b0d42e"},
    {"Amend", "amend", "184471", "804532d4d937d83fa48a637d11f2eecf"},
};
class UidOfSequence : public testing::TestWithParam<Sequence> {};
TEST_P(UidOfSequence, WireVector) {
  EXPECT_EQ(uid_of_sequence("gw-silo-a", "3", GetParam().kind, GetParam().key), GetParam().uid);
}
INSTANTIATE_TEST_SUITE_P(Wire, UidOfSequence, testing::ValuesIn(kSequences),
                         [](const auto& row) { return row.param.name; });

TEST(IdentityHash, WireVectors) {
  EXPECT_EQ(identity_of_observation("silo-a", "bin3-t1", 1771840800000, "temperature", "28.50", "C"),
            "602c6a0d9d4d7776eb5b1c09c2a9b1b2");
  EXPECT_EQ(identity_of_ticket({"silo-a", "silo-a-S1-3-000207", "38440", "14580", "23860", "kg",
                                "932a4af8e6c52ebde94c2cf4d3109adc", "cb560f5cdeed2b42a62eb70505f8f62f"}),
            "28470990654dec19b6da5f6998a6cea4");
}

TEST(IdentityHash, IsItsListOfParts) {
  const auto of = [](std::string_view kind) { return LengthPrefixed().text("edge-identity-1").text(kind); };
  EXPECT_EQ(identity_of_weighing("abc"), of("weighing").text("abc").hex32());
  EXPECT_EQ(identity_of_gap("", 90112, 94207, 3991),
            of("gap").text("").text("90112").text("94207").text("3991").hex32());
  EXPECT_EQ(identity_of_amend("t", "spike", "Warning", ""),
            of("amend").text("t").text("spike").text("Warning").text("").hex32());
}

}  // namespace
}  // namespace edge

#include "protocols/bytes.h"

#include <gtest/gtest.h>

#include <array>

namespace edge {
namespace {

TEST(Hex, GoesThereAndBack) {
  const std::string bytes("\x00\x7f\xff\x0a", 4);
  EXPECT_EQ(to_hex(bytes), "007fff0a");
  EXPECT_EQ(to_hex(std::array<std::uint8_t, 2>{0x5f, 0x0c}), "5f0c");
  EXPECT_EQ(from_hex("007fff0a"), bytes);
  EXPECT_EQ(from_hex("007FFF0A"), bytes);
  EXPECT_EQ(from_hex(""), "");
}

TEST(Hex, RefusesOddLengthAndOtherCharacters) {
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("0g"));
  EXPECT_FALSE(from_hex("0x"));
}

TEST(Hex, LowerHexIsExact) {
  EXPECT_TRUE(is_lower_hex("5f0c9a1e", 8));
  EXPECT_FALSE(is_lower_hex("5F0c9a1e", 8));
  EXPECT_FALSE(is_lower_hex("5f0c9a1", 8));
  EXPECT_FALSE(is_lower_hex("5f0c9a1e0", 8));
}

// RFC 4648, section 10.
TEST(Base64, Rfc4648Vectors) {
  EXPECT_EQ(to_base64(""), "");
  EXPECT_EQ(to_base64("f"), "Zg==");
  EXPECT_EQ(to_base64("fo"), "Zm8=");
  EXPECT_EQ(to_base64("foo"), "Zm9v");
  EXPECT_EQ(to_base64("foob"), "Zm9vYg==");
  EXPECT_EQ(to_base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");
}

struct Utf8Case {
  const char* name;
  std::string_view text;
  bool utf8;
  bool plain;
};
const Utf8Case kUtf8Cases[] = {
    {"Empty", "", true, true},
    {"Ascii", "21.5 C", true, true},
    {"Tab", "a\tb", true, true},
    {"LineFeed", "a\nb", true, false},
    {"Nul", std::string_view("a\0b", 3), true, false},
    {"Delete", "a\x7f", true, false},
    {"C1", "a\xc2\x85", true, false},
    {"NoBreakSpace", "\xc2\xa0", true, true},
    {"Arabic", "\xd8\xad\xd8\xb1\xd8\xa7\xd8\xb1\xd8\xa9", true, true},
    {"FourBytes", "\xf0\x9f\x8c\xbe", true, true},
    {"LastCodePoint", "\xf4\x8f\xbf\xbf", true, true},
    {"BeyondLast", "\xf4\x90\x80\x80", false, false},
    {"Overlong2", "\xc0\xaf", false, false},
    {"Overlong3", "\xe0\x9f\xbf", false, false},
    {"Overlong4", "\xf0\x8f\xbf\xbf", false, false},
    {"Surrogate", "\xed\xa0\x80", false, false},
    {"LoneContinuation", "\x80", false, false},
    {"CutSequence", "\xe2\x82", false, false},
    {"WrongContinuation", "\xe2\x28\xa1", false, false},
    {"Latin1", "21\xb0", false, false},
};
class Utf8 : public testing::TestWithParam<Utf8Case> {};
TEST_P(Utf8, IsRecognised) {
  EXPECT_EQ(is_utf8(GetParam().text), GetParam().utf8);
  EXPECT_EQ(is_plain_text(GetParam().text), GetParam().plain);
}
INSTANTIATE_TEST_SUITE_P(Texts, Utf8, testing::ValuesIn(kUtf8Cases), [](const auto& row) { return row.param.name; });

TEST(CutUtf8, NeverCutsInsideACharacter) {
  const std::string_view text = "a\xe2\x82\xac";  // a€
  EXPECT_EQ(cut_utf8(text, 4), text);
  EXPECT_EQ(cut_utf8(text, 3), "a");
  EXPECT_EQ(cut_utf8(text, 2), "a");
  EXPECT_EQ(cut_utf8(text, 1), "a");
  EXPECT_EQ(cut_utf8(text, 0), "");
}

TEST(CutUtf8, CutsBytesThatAreNoTextWhereTheyAre) { EXPECT_EQ(cut_utf8("\x80\x80\x80\x80\x80\x80", 5).size(), 5U); }

TEST(OneLine, KeepsTextAndTakesControlsOut) {
  EXPECT_EQ(one_line("a\r\nb\tc", 80), "a  b c");
  EXPECT_EQ(one_line("x\xe2\x80\xa8y", 80), "x y");
  EXPECT_EQ(one_line("\xff<\xc3\xa9>", 80), "?<\xc3\xa9>");
  EXPECT_EQ(one_line("\xd8\xad\xd8\xb1\xd8\xa7", 2), "\xd8\xad\xd8\xb1");
}

TEST(RawText, IsTheTextItself) { EXPECT_EQ(raw_text("{\"value\":\t28.50}"), "{\"value\":\t28.50}"); }

TEST(RawText, IsBase64ForAnythingElse) {
  EXPECT_EQ(raw_text(std::string_view("\x00\x01", 2)), "base64:AAE=");
  EXPECT_EQ(raw_text("a\nb"), "base64:YQpi");
}

TEST(RawText, IsCutToTheLimitAndStillDecodes) {
  EXPECT_EQ(raw_text(std::string(5000, 'x')).size(), kRawLimit);
  const std::string binary = raw_text(std::string(5000, '\xff'));
  EXPECT_LE(binary.size(), kRawLimit);
  EXPECT_EQ((binary.size() - 7) % 4, 0U);
  EXPECT_EQ(raw_text("\xff", 3), "bas");
}

TEST(ForLog, EscapesAndCuts) {
  EXPECT_EQ(for_log("a\r\nb\xff"), "a\\x0d\\x0ab\\xff");
  EXPECT_EQ(for_log(std::string(100, 'a')).size(), 64U);
  EXPECT_EQ(for_log("\x1b[31m", 3), "");
  EXPECT_EQ(for_log("<img onerror>"), "<img onerror>");
}

TEST(WireId, TakesWhatTopicsCarry) {
  EXPECT_TRUE(is_wire_id("bin3-t1"));
  EXPECT_TRUE(is_wire_id("A.b_c:d-9"));
  EXPECT_TRUE(is_wire_id(std::string(64, 'a')));
  EXPECT_FALSE(is_wire_id(std::string(65, 'a')));
  for (const char* const bad : {"", "a b", "a/b", "+", "#", "$SYS", "<img>", "{{x}}", "=cmd", "a\r\nb", "\xc3\xa9"}) {
    EXPECT_FALSE(is_wire_id(bad)) << bad;
  }
}

TEST(WireType, IsLowerCase) {
  EXPECT_TRUE(is_wire_type("temperature"));
  EXPECT_TRUE(is_wire_type("ds18b20_1.temp"));
  EXPECT_TRUE(is_wire_type(std::string(64, 'a')));
  EXPECT_FALSE(is_wire_type(std::string(65, 'a')));
  EXPECT_FALSE(is_wire_type(""));
  EXPECT_FALSE(is_wire_type("Temperature"));
  EXPECT_FALSE(is_wire_type("a-b"));
  EXPECT_FALSE(is_wire_type("*"));
}

}  // namespace
}  // namespace edge

#include "protocols/wire/json_writer.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace edge::wire {
namespace {

std::string as_json(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

TEST(AppendJsonString, EscapesLikeAnotherJsonWriter) {
  for (unsigned c = 0; c < 0x80; ++c) {
    const std::string text = std::string("a") + static_cast<char>(c) + "b";
    EXPECT_EQ(as_json(text), nlohmann::json(text).dump()) << c;
  }
  for (const char* const text :
       {"", "\xd8\xad\xd8\xb1", "\xe2\x82\xac", "\xf0\x9f\x8c\xbe", "<img onerror>", "{{ }}", "=cmd"}) {
    EXPECT_EQ(as_json(text), nlohmann::json(text).dump()) << text;
  }
}

TEST(AppendJsonString, ReplacesWhatIsNoUtf8) {
  EXPECT_EQ(as_json("\xff"), "\"\xef\xbf\xbd\"");
  EXPECT_EQ(as_json("a\xe2\x82"), "\"a\xef\xbf\xbd\xef\xbf\xbd\"");
  for (unsigned a = 0x80; a < 0x100; ++a) {
    const std::string text = {static_cast<char>(a), 'x'};
    EXPECT_FALSE(nlohmann::json::parse(as_json(text), nullptr, false).is_discarded()) << a;
  }
}

TEST(JsonWriter, PutsCommasWhereTheyBelong) {
  JsonWriter json;
  json.begin_object().text("a", "{").integer("b", -1).begin_array("c").text({}, "[").integer({}, 2).end_array();
  json.begin_object("d").end_object().boolean("e", true).null("f").texts("g", {}).end_object();
  EXPECT_EQ(json.take(), R"({"a":"{","b":-1,"c":["[",2],"d":{},"e":true,"f":null,"g":[]})");
}

TEST(JsonWriter, LeavesOutOrWritesNull) {
  JsonWriter json;
  json.begin_object().text_if("a", "").integer_if("b", std::nullopt).text_or_null("c", "");
  json.integer_or_null("d", std::nullopt).text_if("e", "x").integer_if("f", 0).end_object();
  EXPECT_EQ(json.take(), R"({"c":null,"d":null,"e":"x","f":0})");
}

TEST(JsonWriter, WritesNumbers) {
  JsonWriter json;
  json.begin_array().integer({}, std::numeric_limits<std::int64_t>::min()).real({}, 34.2);
  json.real({}, std::numeric_limits<double>::quiet_NaN()).real({}, std::numeric_limits<double>::infinity());
  json.real({}, 1e300).end_array();
  const std::string text = json.take();
  EXPECT_EQ(text, "[-9223372036854775808,34.2,null,null,1e+300]");
  EXPECT_FALSE(nlohmann::json::parse(text, nullptr, false).is_discarded());
}

}  // namespace
}  // namespace edge::wire

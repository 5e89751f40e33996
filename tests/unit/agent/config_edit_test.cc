#include "agent/config_edit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace edge {
namespace {

using testing::HasSubstr;

const std::vector<ConfigText> kTexts = {{"gateway", "id", "gw-1"}, {"frappe", "url", "https://erp.example.org"}};

TEST(ConfigEdit, WritesAWholeFileFromNothing) {
  EXPECT_EQ(*with_texts("", kTexts), "[gateway]\nid = \"gw-1\"\n\n[frappe]\nurl = \"https://erp.example.org\"\n");
}

TEST(ConfigEdit, ReplacesAndAddsAndLeavesTheRestAsItIs) {
  const std::string before =
      "# ours\n[gateway]   # who\nid = \"old\"  # given by Desk\nstate_dir = '/var/lib/x'\n\n[mqtt]\nurl = \"mqtt://a\"\n"
      "[frappe]\ngzip = true\n";
  EXPECT_EQ(*with_texts(before, kTexts),
            "# ours\n[gateway]   # who\nid = \"gw-1\"  # given by Desk\nstate_dir = '/var/lib/x'\n\n[mqtt]\nurl = "
            "\"mqtt://a\"\n[frappe]\nurl = \"https://erp.example.org\"\ngzip = true\n");
}

TEST(ConfigEdit, TakesLiteralsEscapesAndAFileWithoutALastLineBreak) {
  EXPECT_EQ(*with_texts("[gateway]\nid = 'o#ld'", {{{"gateway", "id", "a\"b\\c"}}}),
            "[gateway]\nid = \"a\\\"b\\\\c\"");
  EXPECT_EQ(*with_texts("[gateway]\nid = \"o\\\"ld\" # x", {{{"gateway", "id", "n"}}}), "[gateway]\nid = \"n\" # x");
  EXPECT_EQ(*with_texts("[gateway]", {{{"gateway", "id", "n"}}}), "[gateway]\nid = \"n\"\n");
}

TEST(ConfigEdit, RefusesWhatItCannotChangeSafely) {
  for (const char* text : {"[gateway]\nid = \"\"\"\nold\"\"\"\n", "gateway = { id = \"old\" }\n", "[gateway]\nid = 7\n",
                           "gateway = 7\n", "[gateway\n"}) {
    const auto done = with_texts(text, {{{"gateway", "id", "new"}}});
    ASSERT_FALSE(done) << text << *done;
    EXPECT_EQ(done.error().code, Errc::kMalformed);
  }
  EXPECT_FALSE(with_texts("", {{{"gateway", "id", "a\nb"}}}));
}

TEST(ConfigEdit, ADottedKeyIsChangedInItsPlaceOrNotAtAll) {
  const std::string before = "gateway.id = \"old\"\n";
  const auto done = with_texts(before, {{{"gateway", "id", "new"}}});
  if (done) {
    EXPECT_EQ(*done, "gateway.id = \"new\"\n");
  }
}

}  // namespace
}  // namespace edge

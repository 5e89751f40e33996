#include "agent/secrets.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

#include "tests/support/temp_dir.h"

namespace edge {
namespace {

namespace fs = std::filesystem;

class SecretFile : public testing::Test {
 protected:
  void TearDown() override { ::unsetenv("CREDENTIALS_DIRECTORY"); }
  fs::path write(const std::string& text, fs::perms mode) {
    const auto file = dir_.path() / "key";
    std::ofstream(file) << text;
    fs::permissions(file, mode);
    return file;
  }
  test::TempDir dir_;
};

constexpr auto kOwner = fs::perms::owner_read | fs::perms::owner_write;

TEST_F(SecretFile, IsReadWithoutItsLineEnd) {
  EXPECT_EQ(*read_secret_file(write("k1:secret\r\n", kOwner)), "k1:secret");
}

TEST_F(SecretFile, OpenToGroupOrOthersIsRefused) {
  for (const auto extra : {fs::perms::group_read, fs::perms::others_read, fs::perms::group_write}) {
    const auto text = read_secret_file(write("k1:secret", kOwner | extra));
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().code, Errc::kRefused);
    EXPECT_NE(text.error().detail.find("chmod 0600"), std::string::npos);
    EXPECT_EQ(text.error().detail.find("k1:secret"), std::string::npos);
  }
}

TEST_F(SecretFile, OddContentIsRefusedWithoutQuotingIt) {
  for (const auto* odd : {"", "\n", "a:b\nc:d\n", "k1:s\x1b[31m"}) {
    const auto text = read_secret_file(write(odd, kOwner));
    ASSERT_FALSE(text) << odd;
    EXPECT_EQ(text.error().code, Errc::kMalformed);
  }
  EXPECT_FALSE(read_secret_file(dir_.path()));
  EXPECT_EQ(read_secret_file(dir_.path() / "none").error().code, Errc::kNotFound);
}

TEST_F(SecretFile, CredentialComesFromSystemdsDirectoryAlone) {
  EXPECT_EQ(read_credential("key").error().code, Errc::kUnavailable);
  ::setenv("CREDENTIALS_DIRECTORY", dir_.path().c_str(), 1);
  const auto file = write("k1:secret", kOwner | fs::perms::group_read);  // the mask of systemd's ACL
  EXPECT_EQ(*read_credential("key"), "k1:secret");
  EXPECT_EQ(*read_secret_file(file), "k1:secret");
}

TEST_F(SecretFile, ErrorsNameTheKeyOfTheConfiguration) {
  Config config;
  config.frappe.key_file = dir_.path() / "none";
  EXPECT_TRUE(read_secrets(config).error().detail.starts_with("[frappe] key_file: "));
  config.frappe.key_file = write("no colon", kOwner);
  EXPECT_FALSE(read_secrets(config));
  config.frappe.key_file = write("k1:0123456789abcdef", kOwner);
  EXPECT_EQ(read_secrets(config)->frappe_key, "k1:0123456789abcdef");
  config.mqtt.password_file = dir_.path() / "none";
  EXPECT_TRUE(read_secrets(config).error().detail.starts_with("[mqtt] password_file: "));
}

TEST_F(SecretFile, UnreadableCertificatesAreListed) {
  Config config;
  config.mqtt.ca_file = dir_.path() / "ca.pem";
  ASSERT_EQ(unreadable_certificates(config).size(), 1U);
  EXPECT_TRUE(unreadable_certificates(config)[0].starts_with("[mqtt] ca_file: "));
}

TEST(EdgeKey, HasAnIdAndASecret) {
  EXPECT_TRUE(is_edge_key("k1:0123456789abcdef0123"));
  for (const auto* odd :
       {"", "k1", "k1:", "k1:short", ":0123456789abcdef", "k 1:0123456789abcdef", "k1:0123456789abcdef\n"}) {
    EXPECT_FALSE(is_edge_key(odd)) << odd;
  }
}

}  // namespace
}  // namespace edge

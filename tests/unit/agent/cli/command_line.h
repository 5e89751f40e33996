#pragma once
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "agent/cli/cli.h"
#include "tests/support/temp_dir.h"

namespace edge::test {

struct Outcome {
  int code;
  std::string out, err;
};

/// The command line in this process, with a configuration file in a directory of its own.
class CommandLine : public testing::Test {
 protected:
  void SetUp() override {
    write("key", "k1:0123456789abcdef");
    std::filesystem::permissions(dir_.path() / "key",
                                 std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    configure("gw1", dir_.path() / "state");
  }
  void configure(const std::string& gateway, const std::filesystem::path& state) {
    write("c.toml", "[gateway]\nid = \"" + gateway + "\"\nstate_dir = \"" + state.string() + "\"\nsocket = \"" +
                        socket().string() + "\"\n[frappe]\nurl = \"https://erp.example.org\"\nkey_file = \"" +
                        (dir_.path() / "key").string() + "\"\n");
  }
  void write(const std::string& name, const std::string& text) { std::ofstream(dir_.path() / name) << text; }
  std::filesystem::path socket() const { return dir_.path() / "s"; }
  Outcome line(std::vector<std::string> words) {
    words.insert(words.begin(), "edge-agent");
    words.push_back("--config=" + (dir_.path() / "c.toml").string());
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int code = cli::run(static_cast<int>(argv.size()), argv.data());
    return {code, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
  }

  TempDir dir_;
};

}  // namespace edge::test

#include <gtest/gtest.h>
#include <sys/ioctl.h>

#include <chrono>
#include <fstream>
#include <optional>

#include "agent/adapters/serial_source/serial_source.h"
#include "protocols/bytes.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/agent/adapters/serial_source/journal.h"
#include "tests/unit/agent/adapters/serial_source/pty.h"

namespace edge {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// The frames of a truck: 38440 kg still, 38420 kg in motion; net 23860, whose checksum is a line feed.
const std::string kStill = from_hex("023130203030333834343030303030300d1d").value();
const std::string kMoving = from_hex("023138203030333834323030303030300d17").value();
const std::string kNet = from_hex("023131203030323338363030313435380d0a").value();

class SerialPort : public testing::Test {
 protected:
  SerialSourceSettings settings() const {
    SerialSourceSettings made;
    made.scale = "ws1";
    made.profile = "toledo";
    made.port = path();
    made.line = "9600 8N1";
    made.silence = milliseconds(50);
    made.retry_most = milliseconds(20);
    return made;
  }
  std::string path() const { return (dir_.path() / "usb-scale").string(); }
  void start(SerialSourceSettings with) {
    source_.emplace(std::move(with), journal_, clock_, journal_.tap(), journal_.log());
    source_->start();
  }
  /// Plugged in, opened and listening.
  void plug_in(SerialSourceSettings with) {
    pty_.emplace(path());
    start(std::move(with));
    ASSERT_TRUE(journal_.wait_for("log scale ws1: " + path() + " is open")) << journal_.all();
  }
  test::TempDir dir_;
  test::FakeClock clock_;
  test::Journal journal_;
  std::optional<test::Pty> pty_;
  std::optional<SerialSource> source_;
};

TEST_F(SerialPort, FramesBecomeSamples) {
  plug_in(settings());
  EXPECT_EQ(source_->status().name, "scale ws1");
  clock_.advance(milliseconds(1'234));
  pty_->write(kStill + kMoving + kNet);
  ASSERT_TRUE(journal_.wait_for("sample ws1 23860 kg, net, stable, tare 14580")) << journal_.all();
  EXPECT_EQ(journal_.count("sample ws1 38440 kg, gross, stable at " + std::to_string(clock_.mono_ms())), 1U);
  EXPECT_EQ(journal_.count("sample ws1 38420 kg, gross, in motion"), 1U);
  EXPECT_EQ(journal_.count("trouble"), 0U) << journal_.all();
  EXPECT_EQ(journal_.count("tap ws1 [" + to_hex(kStill) + "] 38440 kg, gross, stable"), 1U);
  ASSERT_TRUE(test::becomes(*source_, "up"));
  EXPECT_EQ(source_->status().since, clock_.utc_ms());
  EXPECT_EQ(source_->status().error, "");
}

TEST_F(SerialPort, BytesMayComeOneByOne) {
  auto slow = settings();
  slow.silence = milliseconds(10'000);
  plug_in(slow);
  for (const char byte : kStill + kNet) pty_->write({&byte, 1});
  ASSERT_TRUE(journal_.wait_for("sample", 2)) << journal_.all();
  EXPECT_EQ(journal_.count("trouble"), 0U);
}

TEST_F(SerialPort, IsRawExclusiveAndAsConfigured) {
  auto slow = settings();
  slow.line = "4800 8N2";
  plug_in(slow);
  const auto found = pty_->settings();
  EXPECT_EQ(::cfgetispeed(&found), speed_t{B4800});
  EXPECT_EQ(found.c_lflag & (ICANON | ECHO | ISIG), 0U);
  EXPECT_EQ(found.c_iflag & (ICRNL | IXON | ISTRIP), 0U);
  EXPECT_EQ(found.c_cflag & CSTOPB, tcflag_t{CSTOPB});
  const int second = ::open(path().c_str(), O_RDONLY | O_NOCTTY | O_NONBLOCK);
  if (second < 0) {
    EXPECT_EQ(errno, EBUSY);
  } else {  // root may
    int exclusive = 0;
    EXPECT_EQ(::ioctl(second, TIOCGEXCL, &exclusive), 0);
    EXPECT_EQ(exclusive, 1);
    ::close(second);
  }
}

TEST_F(SerialPort, EveryControlByteArrives) {
  plug_in(settings());
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte % 128 == 2 ? 0 : byte);  // no STX
  pty_->write(all + kStill);
  ASSERT_TRUE(journal_.wait_for("sample ws1 38440 kg")) << journal_.all();
  EXPECT_EQ(journal_.count("[" + to_hex(all.substr(0, 64)) + "] 64 bytes outside"), 1U) << journal_.all();
  EXPECT_EQ(journal_.count("[" + to_hex(all.substr(192, 64)) + "] 64 bytes outside"), 1U) << journal_.all();
}

TEST_F(SerialPort, APseudoTerminalThatKnowsNoParityIsSaidOnceAndUsed) {
  auto seven = settings();
  seven.line = "";  // the profile's: 9600 7E1
  plug_in(seven);
  pty_->write(kStill);
  ASSERT_TRUE(journal_.wait_for("sample ws1 38440 kg"));
  pty_.reset();
  ASSERT_TRUE(test::becomes(*source_, "down", "is not there")) << journal_.all();
  pty_.emplace(path());
  ASSERT_TRUE(test::becomes(*source_, "down", "waiting for the first good frame"));
  EXPECT_EQ(journal_.count("log scale ws1: " + path() + " is a pseudo-terminal: 9600 7E1 is read as 8N1"), 1U);
}

TEST_F(SerialPort, AnUnplugIsSaidAndAReplugFound) {
  plug_in(settings());
  pty_->write(kStill);
  ASSERT_TRUE(test::becomes(*source_, "up"));
  clock_.advance(milliseconds(5'000));
  pty_.reset();
  ASSERT_TRUE(test::becomes(*source_, "down", path() + " is not there: is the adapter plugged in?")) << journal_.all();
  EXPECT_EQ(source_->status().since, clock_.utc_ms());
  EXPECT_EQ(journal_.count("trouble ws1 [] " + path() + " is gone: was the adapter unplugged?"), 1U) << journal_.all();
  pty_.emplace(path());
  ASSERT_TRUE(test::becomes(*source_, "down", "waiting for the first good frame")) << "open is not yet up";
  pty_->write(kMoving);
  ASSERT_TRUE(test::becomes(*source_, "up"));
  EXPECT_EQ(journal_.count("sample"), 2U);
  EXPECT_EQ(journal_.count("trouble ws1 [] " + path() + " is not there"), 1U) << "each reason once\n" << journal_.all();
}

TEST_F(SerialPort, HalvesOfTwoPlugsAreNeverOneFrame) {
  auto slow = settings();
  slow.silence = milliseconds(60'000);
  plug_in(slow);
  pty_->write(kStill + kMoving.substr(0, 9));
  ASSERT_TRUE(test::becomes(*source_, "up"));
  pty_.reset();
  ASSERT_TRUE(journal_.wait_for("trouble ws1 [" + to_hex(kMoving.substr(0, 9)) + "] half a frame")) << journal_.all();
  ASSERT_TRUE(test::becomes(*source_, "down", "is not there"));
  pty_.emplace(path());
  ASSERT_TRUE(test::becomes(*source_, "down", "waiting for the first good frame"));
  pty_->write(kMoving.substr(9) + kStill);
  ASSERT_TRUE(journal_.wait_for("sample", 2)) << journal_.all();
  EXPECT_EQ(journal_.count("sample ws1 38420"), 0U);
}

TEST_F(SerialPort, HalfAFrameIsGivenUpAfterASilence) {
  plug_in(settings());
  pty_->write(kStill.substr(0, 9));
  ASSERT_TRUE(journal_.wait_for("trouble ws1 [" + to_hex(kStill.substr(0, 9)) + "] half a frame: 9 of 18 bytes"));
  pty_->write(kStill.substr(9));
  ASSERT_TRUE(journal_.wait_for("trouble ws1 [" + to_hex(kStill.substr(9)) + "]")) << journal_.all();
  EXPECT_EQ(journal_.count("sample"), 0U) << "nothing is invented";
  pty_->write(kStill);
  EXPECT_TRUE(journal_.wait_for("sample ws1 38440 kg"));
}

TEST_F(SerialPort, ASilentLineIsDown) {
  auto quick = settings();
  quick.quiet = milliseconds(40);
  plug_in(quick);
  ASSERT_TRUE(test::becomes(*source_, "down", "no data for more than 0 s: check the cable")) << journal_.all();
  pty_->write(kStill);
  ASSERT_TRUE(journal_.wait_for("log scale ws1: frames come from")) << journal_.all();
  ASSERT_TRUE(test::becomes(*source_, "down", "no data"));
  EXPECT_EQ(journal_.count("sample"), 1U);
  EXPECT_EQ(journal_.count("trouble ws1 [] no data"), 2U) << "once a silence\n" << journal_.all();
}

TEST_F(SerialPort, OnlyDamagedFramesAreDownToo) {
  auto quick = settings();
  quick.quiet = milliseconds(40);
  plug_in(quick);
  auto damaged = kStill;
  damaged.back() = '\x1c';
  // A span that began with silence may be said first.
  std::size_t written = 0;
  const auto give_up = steady_clock::now() + std::chrono::seconds(10);
  while (journal_.count("log scale ws1: only damaged frames") == 0 && steady_clock::now() < give_up) {
    pty_->write(damaged);
    ASSERT_TRUE(journal_.wait_for("trouble ws1 [" + to_hex(damaged) + "] checksum 1c, must be 1d", ++written));
  }
  EXPECT_EQ(journal_.count("log scale ws1: only damaged frames for more than 0 s, the newest: checksum 1c"), 1U);
  EXPECT_EQ(source_->status().state, "down");
  EXPECT_EQ(journal_.count("sample"), 0U);
}

TEST_F(SerialPort, StopsAtOnceWhileSilent) {
  plug_in(settings());
  const auto begin = steady_clock::now();
  source_->stop();
  EXPECT_LT(steady_clock::now() - begin, milliseconds(1'000));
  EXPECT_EQ(source_->status().state, "down");
  EXPECT_EQ(source_->status().error, "stopped");
  pty_->write(kStill);
  source_->stop();
  EXPECT_EQ(journal_.count("sample"), 0U);
  EXPECT_EQ(journal_.count("trouble"), 0U) << "a stop is no fault";
}

TEST_F(SerialPort, StopsAtOnceBetweenTwoTries) {
  auto patient = settings();
  patient.retry_most = milliseconds(60'000);
  start(patient);
  ASSERT_TRUE(test::becomes(*source_, "down", "is not there"));
  const auto begin = steady_clock::now();
  source_->stop();
  EXPECT_LT(steady_clock::now() - begin, milliseconds(1'000));
}

TEST_F(SerialPort, NeverStartedItStops) {
  source_.emplace(settings(), journal_, clock_, journal_.tap(), journal_.log());
  EXPECT_EQ(source_->status().error, "not opened yet");
  source_->stop();
  EXPECT_EQ(source_->status().error, "stopped");
}

TEST_F(SerialPort, AFileIsNoPort) {
  std::ofstream(path()) << kStill;
  start(settings());
  EXPECT_TRUE(test::becomes(*source_, "down", path() + " is no serial port")) << source_->status().error;
}

TEST_F(SerialPort, AForbiddenPortNamesTheGroup) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may open everything";
  std::ofstream(path()) << "";
  std::filesystem::permissions(path(), std::filesystem::perms::none);
  start(settings());
  EXPECT_TRUE(test::becomes(*source_, "down", "add the user of this service to group dialout"));
}

TEST_F(SerialPort, SettingsThatCannotWorkAreRefusedBeforeAnything) {
  auto wrong = settings();
  wrong.profile = "nobody";
  EXPECT_THROW(start(wrong), std::runtime_error);
  wrong = settings();
  wrong.line = "9600 8N3";
  EXPECT_THROW(start(wrong), std::runtime_error);
}

}  // namespace
}  // namespace edge

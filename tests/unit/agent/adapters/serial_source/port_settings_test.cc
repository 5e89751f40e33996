#include "agent/adapters/serial_source/port_settings.h"

#include <gtest/gtest.h>

namespace edge {
namespace {

TEST(PortSettings, IsReadAndWritten) {
  for (const std::string text : {"300 7E1", "2400 7O2", "9600 8N1", "19200 8E1", "115200 8N2"}) {
    const auto line = read_line_settings(text);
    ASSERT_TRUE(line) << text;
    EXPECT_EQ(to_text(*line), text);
  }
  const auto line = read_line_settings("4800 7E2");
  EXPECT_EQ(line->baud, 4800);
  EXPECT_EQ(line->data_bits, 7);
  EXPECT_EQ(line->parity, 'E');
  EXPECT_EQ(line->stop_bits, 2);
}

TEST(PortSettings, AnythingElseIsRefusedInWords) {
  for (const auto* text :
       {"", "9600", "9600 ", "9600 8N", "9600 8N11", "9600 9N1", "9600 5N1", "9600 8X1", "9600 8n1", "9600 8N0",
        "9600 8N3", "9601 8N1", "9600  8N1", " 9600 8N1", "9600 8N1 ", "-9600 8N1", "9600,8N1", "09600 8N1"}) {
    const auto line = read_line_settings(text);
    ASSERT_FALSE(line) << text;
    EXPECT_EQ(line.error().code, Errc::kMalformed);
    EXPECT_NE(line.error().detail.find("9600 8N1"), std::string::npos);
  }
}

TEST(PortSettings, MakesEverySettingItNames) {
  termios cooked{};
  cooked.c_lflag = ICANON | ECHO | ISIG, cooked.c_iflag = ICRNL | IXON | ISTRIP | IGNPAR, cooked.c_oflag = OPOST;
  cooked.c_cflag = CRTSCTS | PARENB | PARODD;
  const auto even = raw_termios(cooked, *read_line_settings("4800 7E2"));
  EXPECT_EQ(::cfgetispeed(&even), speed_t{B4800});
  EXPECT_EQ(even.c_cflag & CSIZE, tcflag_t{CS7});
  EXPECT_EQ(even.c_cflag & (PARENB | PARODD | CSTOPB | CRTSCTS), tcflag_t{PARENB | CSTOPB});
  EXPECT_EQ(even.c_lflag & (ICANON | ECHO | ISIG), 0U);
  EXPECT_EQ(even.c_iflag, tcflag_t{INPCK}) << "a byte with a bad parity is read as NUL";
  EXPECT_EQ(even.c_cc[VMIN], 1);
  const auto none = raw_termios(cooked, *read_line_settings("9600 8N1"));
  EXPECT_EQ(none.c_cflag & (CSIZE | PARENB | CSTOPB), tcflag_t{CS8});
  EXPECT_EQ(none.c_iflag, 0U);
  EXPECT_TRUE(has_form(none, none));
  EXPECT_FALSE(has_form(none, even));
  EXPECT_FALSE(has_speed_and_mode(none, even));
  EXPECT_TRUE(raw_termios(cooked, *read_line_settings("9600 8O1")).c_cflag & PARODD);
}

}  // namespace
}  // namespace edge

#include "mock_devices/mock_scale/stream_output.h"

#include <algorithm>
#include <cstddef>
#include <stdexcept>

namespace edge::mock {
namespace {

constexpr std::chrono::milliseconds kSplitGap{2};
/// Start, eight bits, stop.
constexpr std::int64_t kBitsOfCharacter = 10;
/// Looks like the start of several frames and is none: the start and end bytes of every family, digits, high bits.
constexpr std::string_view kGarbage =
    "\x02\x02"
    "9912\xff\x00\x80\r\nST,GS,+\x02"
    "1"
    "0 00384\r\n\x03=\x1b";

bool is_accepted(const scale::Profile& profile, std::string_view bytes) {
  bool good = false;
  profile.make()->feed(bytes, [&](const scale::Frame& frame) { good = good || frame.sample.has_value(); });
  return good;
}

/// One digit of the weight is another: only a checksum can tell. A family without one gets a letter among its digits.
std::string with_a_wrong_digit(const scale::Profile& profile, std::string bytes) {
  constexpr std::size_t kBeforeChecksum = 16;
  const auto digit = bytes.find_last_of("123456789", std::min(bytes.size(), kBeforeChecksum));
  const auto at = digit == std::string::npos ? bytes.size() / 2 : digit;
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  if (is_accepted(profile, bytes)) {
    bytes[at] = 'x';
  }
  return bytes;
}

std::string damaged(const scale::Profile& profile, std::string_view frame, const Fault& fault) {
  if (fault.kind == "bad_checksum") {
    return with_a_wrong_digit(profile, std::string(frame));
  }
  if (fault.kind == "cut") {
    return std::string(frame.substr(0, frame.size() / 2));
  }
  if (fault.kind == "garbage") {
    return std::string(kGarbage);
  }
  return std::string(frame);
}

}  // namespace

StreamOutput::StreamOutput(Scene scene, std::unique_ptr<Port> port, const StreamSettings& settings)
    : Output(scene, std::move(port)),
      profile_(*settings.profile),
      period_(std::chrono::duration_cast<Ticks::duration>(std::chrono::duration<double>(1 / settings.rate))),
      character_(settings.baud == 0 ? Ticks::duration(0)
                                    : Ticks::duration(std::chrono::seconds(kBitsOfCharacter)) / settings.baud) {}

void StreamOutput::serve(const pollfd& ready, Ticks) {
  port_->read(ready);  // a streaming indicator listens to nobody
}

Ticks StreamOutput::send_due(Ticks now) {
  if (now >= next_frame_ && pieces_.empty()) {
    put_frame(now);
    next_frame_ = std::max(next_frame_ + period_, now + period_ / 2);
  }
  while (!pieces_.empty() && pieces_.front().due <= now) {
    for (const int peer : port_->peers()) {
      port_->write(peer, pieces_.front().bytes);
    }
    pieces_.pop_front();
  }
  return pieces_.empty() ? next_frame_ : pieces_.front().due;
}

void StreamOutput::put_frame(Ticks now) {
  if (scene_.faults.on("silence") || scene_.faults.on("unplug")) {
    return;
  }
  const Display display = scene_.indicator.at(now);
  const auto frame = profile_.encode(scene_.indicator.shown(display));
  if (!frame) {
    throw std::runtime_error(std::string(profile_.name) + " cannot show " + to_text(display.shown()) + ": " +
                             frame.error().detail);
  }
  const Fault* fault = scene_.faults.take();
  const std::string bytes = fault ? damaged(profile_, *frame, *fault) : *frame;
  const std::string place = port_->place(), value = to_text(display.shown());
  Sent sent{place, bytes};
  sent.fault = fault ? std::string_view(fault->kind) : "";
  sent.value = value;
  sent.stable = display.stable;
  sent.lost = port_->peers().empty();
  scene_.journal.note(sent);
  queue(bytes, now, fault && fault->kind == "split");
}

void StreamOutput::queue(std::string_view bytes, Ticks now, bool one_by_one) {
  const Ticks::duration step = one_by_one ? std::max<Ticks::duration>(kSplitGap, character_) : character_;
  if (step == Ticks::duration(0)) {
    pieces_.push_back({now, std::string(bytes)});
    return;
  }
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    pieces_.push_back({now + step * static_cast<std::int64_t>(i + 1), std::string(bytes.substr(i, 1))});
  }
}

}  // namespace edge::mock

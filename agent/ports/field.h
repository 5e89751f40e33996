#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/record/reading.h"
#include "protocols/record/weight.h"
#include "protocols/result.h"

/// What the sources beside the scales hand over: polled sensors and weight samples.
namespace edge {

/// One answer of a polled sensor.
struct PolledAnswer {
  std::string site, device;
  std::vector<Reading> readings;
  std::string raw;  ///< the answer's bytes
};

class PollSink {
 public:
  virtual ~PollSink() = default;
  /// Returns when the readings are committed. Never throws.
  virtual Result<void> accept_poll(const PolledAnswer& answer) = 0;
};

/// Takes what indicators say, each scale from one thread. Never throws, never blocks for long.
class ScaleSink {
 public:
  virtual ~ScaleSink() = default;
  /// `mono_ms`: when the last byte of the frame was here.
  virtual void sample(std::string_view scale, const WeightSample& sample, std::int64_t mono_ms) = 0;
  /// A frame that could not be used, or a link that is down; `why` is one line for a technician.
  virtual void trouble(std::string_view scale, std::string_view raw, std::string_view why, std::int64_t mono_ms) = 0;
};

/// Everything that goes over a line, for `edge-agent tap`: `source` is the scale or bus, `what` how it was read.
using TapNote = std::function<void(std::string_view source, std::string_view bytes, std::string_view what)>;

}  // namespace edge

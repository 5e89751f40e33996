#pragma once
#include <chrono>
#include <deque>
#include <string>

#include "mock_devices/mock_scale/output.h"
#include "protocols/scale/decoder.h"

namespace edge::mock {

struct StreamSettings {
  const scale::Profile* profile = nullptr;
  double rate = 10;  ///< frames a second
  int baud = 0;      ///< bytes leave as slowly as on such a line; 0 = at once
};

/// An indicator that streams its frames, on a pseudo terminal or through a serial server.
class StreamOutput final : public Output {
 public:
  StreamOutput(Scene scene, std::unique_ptr<Port> port, const StreamSettings& settings);

  void serve(const pollfd& ready, Ticks now) override;
  Ticks send_due(Ticks now) override;
  void forget() override { pieces_.clear(); }

 private:
  struct Piece {
    Ticks due;
    std::string bytes;
  };
  void put_frame(Ticks now);
  void queue(std::string_view bytes, Ticks now, bool one_by_one);

  const scale::Profile& profile_;
  Ticks::duration period_, character_;
  Ticks next_frame_;
  std::deque<Piece> pieces_;
};

}  // namespace edge::mock

#include "mock_devices/mock_scale/platform.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace edge::mock {
namespace {

/// Permille of the way → permille of the load: three axle groups, each a ramp and a short rest.
struct Corner {
  std::int64_t way, load;
};
constexpr std::array<Corner, 7> kAxles{
    {{0, 0}, {120, 250}, {220, 250}, {350, 620}, {450, 620}, {600, 1000}, {1000, 1000}}};
/// The deck swings out after the last axle: steps above and below, evenly over the rest of the way.
constexpr std::int64_t kSwingFrom = 600;
constexpr std::array<std::int64_t, 8> kSwing{6, -5, 4, -3, 2, -2, 1, -1};

std::int64_t on_the_ramp(std::int64_t way) {
  const auto* next = std::find_if(kAxles.begin() + 1, kAxles.end(), [&](const Corner& c) { return way <= c.way; });
  const Corner& a = *(next - 1);
  return a.load + (next->load - a.load) * (way - a.way) / (next->way - a.way);
}

std::int64_t swing(std::int64_t way) {
  if (way < kSwingFrom) {
    return 0;
  }
  const auto slot = static_cast<std::size_t>((way - kSwingFrom) * std::ssize(kSwing) / (1000 - kSwingFrom));
  return kSwing[std::min(slot, kSwing.size() - 1)];
}

}  // namespace

std::optional<std::int64_t> steps_of(const Weight& weight, const Weight& e) {
  // With a zero of the other's resolution both have the finer one.
  const auto fine = add(weight, Weight{0, e.exponent});
  const auto step = add(e, Weight{0, weight.exponent});
  if (!fine || !step || step->digits <= 0 || fine->digits % step->digits != 0) {
    return std::nullopt;
  }
  return fine->digits / step->digits;
}

void Platform::move_to(std::int64_t steps, Ticks now) {
  from_ = at(now).steps;
  to_ = steps;
  since_ = now;
}

void Platform::put(std::int64_t steps) {
  from_ = to_ = steps;
  since_.reset();
}

Platform::Load Platform::at(Ticks now) const {
  if (!since_ || now - *since_ >= travel_) {
    return {to_, false};
  }
  const auto way = static_cast<std::int64_t>((now - *since_) * 1000 / travel_);
  return {from_ + (to_ - from_) * on_the_ramp(way) / 1000 + swing(way), true};
}

}  // namespace edge::mock

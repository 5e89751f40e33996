#pragma once
#include <algorithm>
#include <cstddef>

namespace edge {

/// How many records the next request carries. Halves when a request fails, grows again with success; while a bad
/// record is known to be among the oldest, it halves them until that one is alone. Not thread-safe.
class BatchSize {
 public:
  explicit BatchSize(std::size_t most) : most_(most), rows_(most) {}

  std::size_t rows() const { return rows_; }
  /// A bad record is being closed in on.
  bool suspects() const { return suspects_ > 0; }
  void halve(std::size_t sent) { rows_ = half(sent); }
  /// Halves, and grows more slowly from now on: the limit is somebody's setting, not a passing trouble.
  void too_large(std::size_t sent) {
    halve(sent);
    careful_ = true;
  }
  /// Among these `sent` oldest is one that is refused.
  void suspect(std::size_t sent) {
    suspects_ = sent;
    rows_ = half(sent);
  }
  /// The bad one has been found and settled.
  void found() {
    suspects_ = 0;
    rows_ = most_;
  }
  void only_one() { rows_ = 1; }
  /// `sent` records got their results; true where the request was as full as allowed.
  bool succeeded(std::size_t sent) {
    const bool full = sent >= rows_;
    if (suspects_ > sent) {
      suspects_ -= sent;
      rows_ = half(suspects_);
      return true;
    }
    suspects_ = 0;
    if (full) rows_ = std::min(most_, careful_ ? rows_ + std::max<std::size_t>(rows_ / 8, 1) : rows_ * 2);
    return full;
  }

 private:
  static std::size_t half(std::size_t rows) { return std::max<std::size_t>(rows / 2, 1); }

  std::size_t most_;
  std::size_t rows_;
  std::size_t suspects_ = 0;
  bool careful_ = false;
};

}  // namespace edge

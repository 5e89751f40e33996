#pragma once
#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

namespace edge::modbus {

/// Registers as they were answered, by address, each once. Their words lie in one piece of memory: an answer brings up
/// to 125 of them many times a second.
class Registers {
 public:
  using Entry = std::pair<std::uint16_t, std::uint16_t>;  ///< address, word
  using const_iterator = std::vector<Entry>::const_iterator;

  Registers() = default;
  Registers(std::initializer_list<Entry> entries) {
    for (const auto& [address, word] : entries) (*this)[address] = word;
  }

  const_iterator begin() const { return entries_.begin(); }
  const_iterator end() const { return entries_.end(); }
  const Entry& back() const { return entries_.back(); }
  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  void reserve(std::size_t count) { entries_.reserve(count); }
  /// end() where nobody answered it.
  const_iterator find(std::uint16_t address) const {
    const auto at = std::ranges::lower_bound(entries_, address, {}, &Entry::first);
    return at != entries_.end() && at->first == address ? at : entries_.end();
  }
  /// 0 where it is new.
  std::uint16_t& operator[](std::uint16_t address) {
    auto at = entries_.end();
    // Answers come in order of address.
    if (!entries_.empty() && entries_.back().first >= address) {
      at = std::ranges::lower_bound(entries_, address, {}, &Entry::first);
    }
    if (at == entries_.end() || at->first != address) at = entries_.insert(at, {address, std::uint16_t{0}});
    return at->second;
  }
  void erase(std::uint16_t address) {
    std::erase_if(entries_, [address](const Entry& entry) { return entry.first == address; });
  }
  /// What is there already stays.
  void merge(const Registers& more) {
    for (const auto& [address, word] : more) {
      if (find(address) == end()) (*this)[address] = word;
    }
  }
  friend bool operator==(const Registers&, const Registers&) = default;

 private:
  std::vector<Entry> entries_;
};

}  // namespace edge::modbus

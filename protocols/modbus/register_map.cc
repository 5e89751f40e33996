#include "protocols/modbus/register_map.h"

#include <algorithm>
#include <array>
#include <utility>

namespace edge::modbus {
namespace {

constexpr std::array<std::pair<std::string_view, WordType>, 5> kTypes{{{"i16", WordType::kI16},
                                                                       {"u16", WordType::kU16},
                                                                       {"i32", WordType::kI32},
                                                                       {"u32", WordType::kU32},
                                                                       {"f32", WordType::kF32}}};
constexpr std::array<std::pair<std::string_view, ByteOrder>, 4> kOrders{
    {{"ABCD", ByteOrder::kABCD}, {"CDAB", ByteOrder::kCDAB}, {"BADC", ByteOrder::kBADC}, {"DCBA", ByteOrder::kDCBA}}};
/// Registers nobody asked for that are read along rather than asking twice.
constexpr int kGapLimit = 8;

std::uint16_t swapped(std::uint16_t word) { return static_cast<std::uint16_t>((word << 8) | (word >> 8)); }

bool has_swapped_bytes(ByteOrder order) { return order == ByteOrder::kBADC || order == ByteOrder::kDCBA; }
bool has_low_word_first(ByteOrder order) { return order == ByteOrder::kCDAB || order == ByteOrder::kDCBA; }

}  // namespace

std::optional<WordType> word_type_from(std::string_view text) {
  for (const auto& [name, type] : kTypes) {
    if (name == text) return type;
  }
  return std::nullopt;
}

std::optional<ByteOrder> byte_order_from(std::string_view text) {
  for (const auto& [name, order] : kOrders) {
    if (name == text) return order;
  }
  return std::nullopt;
}

int words_of(WordType type) { return type == WordType::kI16 || type == WordType::kU16 ? 1 : 2; }

std::uint32_t join_words(std::uint16_t w0, std::uint16_t w1, ByteOrder order) {
  if (has_low_word_first(order)) std::swap(w0, w1);
  if (has_swapped_bytes(order)) {
    w0 = swapped(w0);
    w1 = swapped(w1);
  }
  return static_cast<std::uint32_t>(w0) << 16 | w1;
}

std::pair<std::uint16_t, std::uint16_t> split_words(std::uint32_t bits, ByteOrder order) {
  auto high = static_cast<std::uint16_t>(bits >> 16);
  auto low = static_cast<std::uint16_t>(bits & 0xFFFF);
  if (has_swapped_bytes(order)) {
    high = swapped(high);
    low = swapped(low);
  }
  if (has_low_word_first(order)) std::swap(high, low);
  return {high, low};
}

std::vector<ReadSpan> read_plan(const RegisterMap& map) {
  std::vector<std::pair<int, int>> wanted;  // first register, one after the last
  for (const MapValue& value : map.values) wanted.emplace_back(value.reg, value.reg + words_of(value.type));
  if (map.status) wanted.emplace_back(map.status->reg, map.status->reg + words_of(map.status->type));
  std::sort(wanted.begin(), wanted.end());
  std::vector<ReadSpan> out;
  int first = 0;
  int end = 0;
  for (const auto& [from, to] : wanted) {
    const int grown = std::max(end, to);
    // A value is never cut in two: its halves would be of different moments.
    if (!out.empty() && from - end <= kGapLimit && grown - first <= map.max_registers) {
      end = grown;
    } else {
      first = from;
      end = to;
      out.push_back({static_cast<std::uint16_t>(first), 0});
    }
    out.back().count = static_cast<std::uint16_t>(end - first);
  }
  return out;
}

std::string raw_of(const Registers& registers) {
  std::string out;
  out.reserve(registers.size() * 2);
  for (const auto& [address, word] : registers) {
    out += static_cast<char>(word >> 8);
    out += static_cast<char>(word & 0xFF);
  }
  return out;
}

}  // namespace edge::modbus

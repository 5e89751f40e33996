#include "agent/adapters/sqlite_store/page_scan.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "agent/adapters/sqlite_store/files.h"
#include "agent/adapters/sqlite_store/row_codec.h"

namespace edge {
namespace {

constexpr unsigned char kTableLeaf = 0x0D;
constexpr std::size_t kFileHeader = 100, kLeafHeader = 8;
constexpr std::size_t kWalHeader = 32, kFrameHeader = 24;
constexpr std::uint64_t kMostPayload = 4U << 20;  ///< of a row; a larger size is damage

std::uint32_t number_at(std::string_view bytes, std::size_t at, std::size_t length) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < length; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

/// SQLite's variable-length integer; `at` moves behind it. Nothing where the bytes end before it does.
std::optional<std::uint64_t> varint(std::string_view bytes, std::size_t& at) {
  std::uint64_t value = 0;
  for (int i = 0; i < 9; ++i) {
    if (at >= bytes.size()) return std::nullopt;
    const auto byte = static_cast<unsigned char>(bytes[at++]);
    if (i == 8) return value << 8 | byte;
    value = value << 7 | (byte & 0x7FU);
    if (byte < 0x80) return value;
  }
  return value;
}

std::int64_t signed_number(std::string_view bytes) {
  std::uint64_t value = !bytes.empty() && (static_cast<unsigned char>(bytes[0]) & 0x80) != 0 ? ~0ULL : 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return static_cast<std::int64_t>(value);
}

/// Bytes of a value of that serial type; nothing where no row of ours has such a one.
std::optional<std::uint64_t> length_of(std::uint64_t type) {
  constexpr std::uint64_t kIntegers[] = {0, 1, 2, 3, 4, 6, 8};
  if (type < 7) return kIntegers[type];
  if (type == 8 || type == 9) return 0;
  if (type < 12) return std::nullopt;
  return (type - 12) / 2;
}

StoredValue value_of(std::uint64_t type, std::string_view bytes) {
  using Type = StoredValue::Type;
  if (type == 0) return {};
  if (type < 7) return {Type::kInteger, signed_number(bytes), {}};
  if (type < 12) return {Type::kInteger, type == 9 ? 1 : 0, {}};
  return {type % 2 == 0 ? Type::kBlob : Type::kText, 0, std::string(bytes)};
}

/// The columns of a record; nothing where they are not so many.
std::optional<Values> record_of(std::string_view payload, RowId id, std::size_t columns) {
  std::size_t head = 0;
  const auto head_bytes = varint(payload, head);
  if (!head_bytes || *head_bytes > payload.size()) return std::nullopt;
  std::size_t body = *head_bytes;
  Values values;
  while (head < *head_bytes && values.size() < columns) {
    const auto type = varint(payload.substr(0, *head_bytes), head);
    const auto length = type ? length_of(*type) : std::nullopt;
    if (!length || *length > payload.size() - body) return std::nullopt;
    values.push_back(value_of(*type, payload.substr(body, *length)));
    body += *length;
  }
  if (head != *head_bytes || values.size() != columns) return std::nullopt;
  values[0] = {StoredValue::Type::kInteger, id, {}};  // an alias of the rowid is stored as NULL
  return values;
}

std::string read_at(int fd, std::int64_t offset, std::size_t bytes) {
  std::string out(bytes, '\0');
  const auto got = fd < 0 ? 0 : ::pread(fd, out.data(), bytes, offset);
  out.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return out;
}

}  // namespace

PageScan::PageScan(const std::filesystem::path& database, std::size_t page_bytes) : page_bytes_(page_bytes) {
  std::filesystem::path wal = database;
  wal += "-wal";
  database_ = ::open(database.c_str(), O_RDONLY | O_CLOEXEC);
  wal_ = ::open(wal.c_str(), O_RDONLY | O_CLOEXEC);
  database_pages_ = static_cast<std::size_t>(bytes_on_disk(database)) / page_bytes_;
  const auto wal_bytes = static_cast<std::size_t>(bytes_on_disk(wal));
  for (std::size_t at = kWalHeader; at + kFrameHeader + page_bytes_ <= wal_bytes; at += kFrameHeader + page_bytes_) {
    const std::string head = read_at(wal_, static_cast<std::int64_t>(at), kFrameHeader);
    if (head.size() < kFrameHeader) break;
    in_wal_[number_at(head, 0, 4)] = frames_.size();
    frames_.push_back(static_cast<std::int64_t>(at + kFrameHeader));
  }
}

PageScan::~PageScan() {
  if (database_ >= 0) ::close(database_);
  if (wal_ >= 0) ::close(wal_);
}

std::string PageScan::page(std::size_t index) const {
  if (index >= database_pages_) return read_at(wal_, frames_[index - database_pages_], page_bytes_);
  return read_at(database_, static_cast<std::int64_t>(index * page_bytes_), page_bytes_);
}

std::string PageScan::newest(std::uint32_t number) const {
  const auto frame = in_wal_.find(number);
  if (frame != in_wal_.end()) return page(database_pages_ + frame->second);
  return number == 0 || number > database_pages_ ? std::string() : page(number - 1);
}

/// What does not fit on a leaf goes on in a chain of pages, each beginning with the number of the next.
bool PageScan::payload(std::string_view page, std::size_t at, std::uint64_t bytes, std::string& out) const {
  const std::uint64_t most = page_bytes_ - 35, least = (page_bytes_ - 12) * 32 / 255 - 23;
  std::uint64_t local = bytes;
  if (bytes > most) {
    local = least + (bytes - least) % (page_bytes_ - 4);
    if (local > most) local = least;
  }
  if (at + local + (bytes > most ? 4 : 0) > page.size()) return false;
  out.assign(page.substr(at, local));
  std::uint32_t next = bytes > most ? number_at(page, at + local, 4) : 0;
  while (out.size() < bytes) {
    const std::string more = newest(next);
    if (more.size() < page_bytes_) return false;
    out.append(more, 4, std::min<std::uint64_t>(page_bytes_ - 4, bytes - out.size()));
    next = number_at(more, 0, 4);
  }
  return true;
}

void PageScan::rows(std::size_t index, const std::function<bool(RowId)>& wanted,
                    const std::function<void(StoredRow)>& found) const {
  records(index, static_cast<std::size_t>(kHashedColumns) + 1, wanted, [&](Values values) {
    if (auto row = sound_row(std::move(values))) found(std::move(*row));
  });
}

void PageScan::records(std::size_t index, std::size_t columns, const std::function<bool(RowId)>& wanted,
                       const std::function<void(Values)>& found) const {
  const std::string bytes = page(index);
  const std::size_t begin = index == 0 ? kFileHeader : 0;
  if (bytes.size() < page_bytes_ || static_cast<unsigned char>(bytes[begin]) != kTableLeaf) return;
  const std::size_t cells = number_at(bytes, begin + 3, 2);
  for (std::size_t cell = 0; cell < cells; ++cell) {
    const std::size_t pointer = begin + kLeafHeader + cell * 2;
    if (pointer + 2 > bytes.size()) return;
    std::size_t at = number_at(bytes, pointer, 2);
    const auto size = varint(bytes, at);
    const auto rowid = size ? varint(bytes, at) : std::nullopt;
    if (!rowid || *size > kMostPayload || !wanted(static_cast<RowId>(*rowid))) continue;
    // A record begins with the bytes of its head: one for itself and one or two for each column, a few have three.
    const auto head = at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0U;
    if (head <= columns || head > columns * 2) continue;
    std::string whole;
    if (!payload(bytes, at, *size, whole)) continue;
    if (auto values = record_of(whole, static_cast<RowId>(*rowid), columns)) found(std::move(*values));
  }
}

}  // namespace edge

#include "tests/tools/fault_sink/ledger.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>
#include <stdexcept>

namespace edge::sink {
namespace {

std::uint64_t hex16(std::string_view digits) {
  std::uint64_t bits = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), bits, 16);
  return bits;
}

std::uint64_t content_of(const Record& record) {
  std::string all;
  for (const auto part : {record.kind, record.device, record.digest}) all.append(part).append(1, ' ');
  return std::hash<std::string>{}(all);
}

std::string_view or_dash(std::string_view text) { return text.empty() ? "-" : text; }

}  // namespace

Ledger::Ledger(const std::filesystem::path& file) {
  if (file.empty()) return;
  load(file);
  fd_ = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd_ < 0) throw std::runtime_error("cannot write " + file.string());
}

Ledger::~Ledger() {
  if (fd_ >= 0) ::close(fd_);
}

/// A last line cut by a kill was never answered: it is cut off.
void Ledger::load(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) return;
  std::string line;
  std::uintmax_t good = 0;
  while (std::getline(in, line) && !in.eof()) {
    good += line.size() + 1;
    std::istringstream parts(line);
    std::string uid, kind, device, digest;
    parts >> uid >> kind >> device >> digest;
    if (digest == "-") digest.clear();
    if (device == "-") device.clear();
    (void)note({kind, uid, device, digest});
  }
  counts_ = {0, 0, counts_.stored, 0, 0, counts_.contents};
  in.close();
  std::filesystem::resize_file(file, good);
}

Verdict Ledger::note(const Record& record) {
  const Uid uid{hex16(record.uid.substr(0, 16)), hex16(record.uid.substr(record.uid.size() < 16 ? 0 : 16))};
  const auto content = content_of(record);
  ++counts_.records;
  const auto [known, fresh] = uids_.emplace(uid, content);
  if (!fresh) {
    const bool same = known->second == content;
    ++(same ? counts_.duplicates : counts_.conflicts);
    return same ? Verdict::kDuplicate : Verdict::kConflict;
  }
  ++counts_.stored;
  if (contents_.insert(content).second) ++counts_.contents;
  return Verdict::kStored;
}

std::vector<Verdict> Ledger::take(std::span<const Record> records) {
  std::vector<Verdict> out;
  out.reserve(records.size());
  std::string lines;
  const std::lock_guard lock(mutex_);
  ++counts_.batches;
  for (const Record& record : records) {
    out.push_back(note(record));
    if (fd_ < 0 || out.back() != Verdict::kStored) continue;
    for (const auto part : {record.uid, record.kind, or_dash(record.device)}) lines.append(part).append(1, ' ');
    lines.append(or_dash(record.digest)).append(1, '\n');
  }
  if (!lines.empty() && ::write(fd_, lines.data(), lines.size()) != static_cast<ssize_t>(lines.size())) {
    std::perror("fault-sink: the ledger");
    std::_Exit(1);
  }
  return out;
}

Counts Ledger::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace edge::sink

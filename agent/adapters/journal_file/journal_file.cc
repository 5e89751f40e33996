#include "agent/adapters/journal_file/journal_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>
#include <random>
#include <system_error>
#include <utility>

#include "agent/adapters/journal_file/journal_entry.h"
#include "protocols/record/sha256.h"

namespace edge {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kMagic = "edge-journal 1\n";
constexpr std::size_t kSecretAt = 16, kSecretBytes = 32, kSealBytes = 16, kMarkAt = 512, kAreaAt = 4096;
constexpr std::size_t kFileBytes = kAreaAt + JournalFile::kCapacity;
constexpr std::size_t kPiece = 65'536;
static_assert(kFileBytes % kEntryStep == 0);

tl::unexpected<Error> failed(const std::string& what) {
  const int error = errno;
  return fail(error == ENOSPC || error == EDQUOT ? Errc::kFull : Errc::kIo,
              "the journal of messages: " + what + ": " + std::generic_category().message(error));
}

bool write_all(int fd, std::string_view bytes, std::size_t at) {
  while (!bytes.empty()) {
    const ssize_t done = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) {
      if (done == 0) errno = EIO;
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(done));
    at += static_cast<std::size_t>(done);
  }
  return true;
}

/// What there is: less than asked for where the file ends.
std::optional<std::string> read_all(int fd) {
  std::string bytes(kFileBytes, '\0');
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got = ::pread(fd, bytes.data() + have, bytes.size() - have, static_cast<off_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  bytes.resize(have);
  return bytes;
}

std::string seal(std::string_view secret, std::string_view bytes) {
  Sha256 hash;
  hash.update(secret);
  hash.update(bytes);
  const auto digest = hash.finish();
  return {digest.begin(), digest.begin() + kSealBytes};
}

std::string head_of(std::string_view secret) {
  std::string head(kMagic);
  head.resize(kSecretAt, '\0');
  head += secret;
  return head + seal("head", head);
}

std::optional<std::string> secret_of(std::string_view file) {
  if (file.size() < kFileBytes) return std::nullopt;
  std::string secret(file.substr(kSecretAt, kSecretBytes));
  const std::string head = head_of(secret);
  if (file.substr(0, head.size()) != head) return std::nullopt;
  return secret;
}

/// Twenty digits and their seal.
std::string mark_of(std::string_view secret, std::uint64_t upto) {
  std::string digits = std::to_string(upto);
  digits.insert(0, 20 - digits.size(), '0');
  return digits + seal(secret, digits);
}

std::uint64_t read_mark(std::string_view file, std::string_view secret) {
  const std::string_view digits = file.substr(kMarkAt, 20);
  std::uint64_t upto = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return 0;
    upto = upto * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return file.substr(kMarkAt, 20 + kSealBytes) == mark_of(secret, upto) ? upto : 0;
}

std::string random_bytes(std::size_t count) {
  std::random_device device;
  std::string bytes;
  while (bytes.size() < count) bytes.push_back(static_cast<char>(device() & 0xFFU));
  return bytes;
}

/// All its bytes first: without them no head, and a file without a head was never used.
bool make(int fd, std::string_view secret) {
  const std::string zeros(kPiece, '\0');
  if (::ftruncate(fd, 0) != 0) return false;
  for (std::size_t at = 0; at < kFileBytes; at += kPiece) {
    if (!write_all(fd, std::string_view(zeros).substr(0, std::min(kPiece, kFileBytes - at)), at)) return false;
  }
  return write_all(fd, head_of(secret), 0);
}

bool was_never_used(std::string_view file) {
  const auto head = file.substr(0, kSecretAt + kSecretBytes + kSealBytes);
  return head.find_first_not_of('\0') == std::string_view::npos;
}

std::size_t rounded(std::size_t bytes) { return (bytes + kEntryStep - 1) / kEntryStep * kEntryStep; }

}  // namespace

Result<std::unique_ptr<JournalFile>> JournalFile::open(const fs::path& dir, std::int64_t position,
                                                       const std::function<void(std::string_view)>& news) {
  const fs::path path = dir / "journal";
  const auto open_file = [&] { return ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640); };
  std::unique_ptr<JournalFile> journal(new JournalFile(open_file()));
  if (journal->fd_ < 0) return failed("cannot open " + path.string());
  const auto file = read_all(journal->fd_);
  if (!file) return failed("cannot read " + path.string());
  const auto taken = static_cast<std::uint64_t>(std::max<std::int64_t>(0, position));
  journal->next_ = taken + 1;
  if (const auto secret = secret_of(*file)) {
    journal->secret_ = *secret;
    journal->read_entries(*file, taken);
    return journal;
  }
  if (!was_never_used(*file)) {
    const fs::path kept = dir / "journal.damaged";
    if (::rename(path.c_str(), kept.c_str()) != 0) return failed("cannot rename " + path.string());
    ::close(std::exchange(journal->fd_, open_file()));
    if (journal->fd_ < 0) return failed("cannot open " + path.string());
    news("the journal of messages was damaged: what it held cannot be believed and is kept in " + kept.string());
  }
  journal->secret_ = random_bytes(kSecretBytes);
  if (!make(journal->fd_, journal->secret_)) {
    const auto error = failed("cannot make " + path.string());
    ::unlink(path.c_str());  // half of it would keep room from others
    return error;
  }
  return journal;
}

JournalFile::~JournalFile() {
  if (fd_ >= 0) ::close(fd_);
}

void JournalFile::read_entries(std::string_view file, std::uint64_t position) {
  position = std::max(position, read_mark(file, secret_));
  std::map<std::uint64_t, std::pair<Live, ArrivedMessage>> found;
  const std::string_view area = file.substr(kAreaAt);
  std::uint64_t newest = 0;
  for (std::size_t at = 0; at < area.size();) {
    auto entry = decode_entry(area.substr(at), secret_);
    if (!entry) {
      at += kEntryStep;
      continue;
    }
    const std::size_t bytes = rounded(entry->bytes);
    const std::uint64_t number = entry->message.number;
    if (number >= newest) {
      newest = number;
      tail_ = at + bytes;
    }
    if (number > position) found.insert_or_assign(number, std::pair{Live{number, at, bytes}, std::move(entry->message)});
    at += bytes;
  }
  for (auto& [number, one] : found) {
    live_.push_back(one.first);
    left_.push_back(std::move(one.second));
  }
  next_ = std::max(position, newest) + 1;
}

bool JournalFile::place(std::size_t bytes, std::size_t& at) const {
  const bool fits_behind = tail_ + bytes <= kCapacity;
  at = fits_behind ? tail_ : 0;
  if (live_.empty()) return bytes <= kCapacity;
  const std::size_t head = live_.front().at;
  if (tail_ <= head) return tail_ + bytes <= head;  // what waits goes round the end
  return fits_behind || bytes <= head;
}

Result<void> JournalFile::append(ArrivedMessage& message) {
  if (message.topic.size() > 0xFFFF) return fail(Errc::kTooLarge, "the topic is too long for the journal");
  message.number = next_;
  encode_entry(message, secret_, scratch_);
  const std::size_t bytes = rounded(scratch_.size());
  std::size_t at = 0;
  if (!place(bytes, at)) return fail(Errc::kFull, "the journal of messages is full");
  if (!write_all(fd_, scratch_, kAreaAt + at)) return failed("cannot write");
  live_.push_back({next_, at, bytes});
  tail_ = at + bytes;
  ++next_;
  return {};
}

void JournalFile::taken(std::uint64_t upto) {
  while (!live_.empty() && live_.front().number <= upto) live_.pop_front();
  // Without it the store's own note counts: this one is for a store that has lost its own.
  (void)write_all(fd_, mark_of(secret_, upto), kMarkAt);
}

}  // namespace edge

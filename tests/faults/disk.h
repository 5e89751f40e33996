#pragma once
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace edge::test {

/// A directory tree by content; directories end in '/'.
using Image = std::map<std::string, std::string>;
void write_image(const Image& image, const std::filesystem::path& root);
Image read_image(const std::filesystem::path& root);

enum class IoKind { kOpen, kRead, kWrite, kTruncate, kSize, kSync, kDelete, kAccess, kMakeDir, kRename, kAllocate };
std::string_view to_text(IoKind kind);

struct IoCall {
  IoKind kind = IoKind::kOpen;
  std::string_view path;
};

/// What becomes of a call.
struct Fate {
  int error = 0;      ///< an errno; 0 = it goes through
  bool half = false;  ///< a write that fails has written half of its bytes
};

/// What a disk holds of a tree of files: a write, a new size or a new name is on it for certain once the file (the
/// directory for a name) was synced, and until then only by chance. The files themselves are in `root` and as the
/// program sees them; here is what a power cut would leave. One thread at a time (sim_time.h).
class Disk {
 public:
  struct Change {
    std::int64_t at = 0;
    std::string bytes;
    bool resizes = false;  ///< to `at` bytes
  };
  struct File {
    std::string durable;
    std::deque<Change> changes;  ///< since, oldest first
    std::uint64_t decided = 0;   ///< changes before them
    std::uint64_t failures = 0;  ///< of syncs; Linux tells each open descriptor of it once
  };
  using Node = std::shared_ptr<File>;

  /// `root` holds `durable` already and is synced.
  Disk(std::filesystem::path root, const Image& durable);

  /// Asked before each call.
  std::function<Fate(const IoCall&)> gate;
  /// The time a sync takes passes in here; an errno. Writes meanwhile belong to the next sync.
  std::function<int()> while_syncing;

  bool has(std::string_view path) const { return path.starts_with(root_.native()); }
  /// The file of that name; made where there is none.
  Node node(const std::string& path);
  void write(const Node& node, std::int64_t at, std::string_view bytes) const;
  void resize(const Node& node, std::int64_t size) const;
  void make_dir(const std::string& path);
  void unlink(const std::string& path);
  void rename(const std::string& from, const std::string& to);
  /// 0 or an errno.
  int sync(const Node& node) const;
  int sync_dir(const std::string& path);
  /// A sync that failed: what it should have written is there or not, and no later one writes it (fsyncgate).
  void forget(const Node& node);

  /// What is there after the power has gone now.
  Image cut(std::mt19937_64& chance) const;

 private:
  using Names = std::map<std::string, Node>;
  struct NameChange {
    std::string from, to;  ///< one of them empty: made or taken away
    Node node;
  };
  void change_name(NameChange change);
  static void apply(const NameChange& change, Names& names);
  int syncing() const { return while_syncing ? while_syncing() : 0; }

  std::filesystem::path root_;
  Names names_, durable_names_;
  std::vector<NameChange> name_changes_;
  std::mt19937_64 chance_{1};
};

/// The disk that the calls of this program go to; nullptr = to the real one alone.
Disk* attached();
void attach(Disk* disk);

}  // namespace edge::test

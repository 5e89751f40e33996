#include "tests/faults/disk.h"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace edge::test {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kSector = 512;

Disk* the_disk = nullptr;

bool is_dir(const std::string& name) { return name.ends_with('/'); }

std::string parent_of(const std::string& name) {
  return name.substr(0, name.find_last_of('/', is_dir(name) ? name.size() - 2 : name.size()) + 1);
}

bool by_chance(std::mt19937_64& chance, unsigned percent) { return chance() % 100 < percent; }

/// Which bytes of a change a disk got to write: sectors by chance, or those up to some point.
void tear(std::string& content, const Disk::Change& change, std::mt19937_64& chance) {
  const auto at = static_cast<std::size_t>(change.at);
  const std::size_t end = at + change.bytes.size();
  const bool in_order = by_chance(chance, 50);
  const std::size_t upto = at + chance() % (change.bytes.size() + 1);
  for (std::size_t from = at; from < end;) {
    const std::size_t next = std::min(end, (from / kSector + 1) * kSector);
    const bool kept = in_order ? next <= upto : by_chance(chance, 50);
    if (kept) {
      content.resize(std::max(content.size(), next));
      content.replace(from, next - from, change.bytes, from - at, next - from);
    }
    from = next;
  }
}

void keep(std::string& content, const Disk::Change& change) {
  const auto at = static_cast<std::size_t>(change.at);
  if (change.resizes) {
    content.resize(at);
    return;
  }
  content.resize(std::max(content.size(), at + change.bytes.size()));
  content.replace(at, change.bytes.size(), change.bytes);
}

std::size_t live_size(const Disk::File& file) {
  std::size_t size = file.durable.size();
  for (const Disk::Change& change : file.changes) {
    const auto at = static_cast<std::size_t>(change.at);
    size = change.resizes ? at : std::max(size, at + change.bytes.size());
  }
  return size;
}

/// Each change kept, dropped or torn for itself: a later one may be there and an earlier one not. The size is metadata
/// and may lag behind or run ahead of the bytes.
std::string survivors(const Disk::File& file, std::mt19937_64& chance) {
  static constexpr unsigned kMoods[] = {0, 0, 15, 50, 85, 97, 100, 100};
  const unsigned kept = kMoods[chance() % std::size(kMoods)];
  std::string content = file.durable;
  for (const Disk::Change& change : file.changes) {
    const bool torn = !change.resizes && kept > 0 && by_chance(chance, 12);
    if (torn) {
      tear(content, change, chance);
    } else if (by_chance(chance, kept)) {
      keep(content, change);
    }
  }
  const std::size_t live = live_size(file);
  if (file.changes.empty() || by_chance(chance, 60)) return content;
  if (by_chance(chance, 50)) {
    content.resize(std::min(content.size(), file.durable.size()));
  } else if (content.size() < live) {
    // Blocks that were never written: zeros, or what an old file had there.
    content.resize(live, by_chance(chance, 50) ? '\0' : '\xE5');
  }
  return content;
}

}  // namespace

Disk* attached() { return the_disk; }
void attach(Disk* disk) { the_disk = disk; }

std::string_view to_text(IoKind kind) {
  static constexpr std::string_view kNames[] = {"open",   "read",   "write",    "truncate", "size",    "sync",
                                                "delete", "access", "make_dir", "rename",   "allocate"};
  return kNames[static_cast<std::size_t>(kind)];
}

void write_image(const Image& image, const fs::path& root) {
  for (const auto& entry : fs::directory_iterator(root)) fs::remove_all(entry.path());
  for (const auto& [name, content] : image) {
    if (is_dir(name)) {
      fs::create_directories(root / name);
    } else {
      std::ofstream(root / name, std::ios::binary).write(content.data(), static_cast<std::streamsize>(content.size()));
    }
  }
}

Image read_image(const fs::path& root) {
  Image image;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    const std::string name = entry.path().lexically_relative(root).native();
    if (entry.is_directory()) {
      image[name + '/'];
    } else {
      std::ostringstream content;
      content << std::ifstream(entry.path(), std::ios::binary).rdbuf();
      image[name] = content.str();
    }
  }
  return image;
}

Disk::Disk(fs::path root, const Image& durable) : root_(std::move(root)) {
  for (const auto& [name, content] : durable) {
    auto node = std::make_shared<File>();
    node->durable = content;
    names_[(root_ / name).native()] = node;
  }
  durable_names_ = names_;
}

Disk::Node Disk::node(const std::string& path) {
  const auto known = names_.find(path);
  if (known != names_.end()) return known->second;
  change_name({"", path, std::make_shared<File>()});
  return names_[path];
}

void Disk::write(const Node& node, std::int64_t at, std::string_view bytes) const {
  node->changes.push_back({at, std::string(bytes), false});
}

void Disk::resize(const Node& node, std::int64_t size) const { node->changes.push_back({size, "", true}); }

void Disk::apply(const NameChange& change, Names& names) {
  if (!change.from.empty()) names.erase(change.from);
  if (!change.to.empty()) names[change.to] = change.node;
}

void Disk::change_name(NameChange change) {
  apply(change, names_);
  name_changes_.push_back(std::move(change));
}

void Disk::make_dir(const std::string& path) { change_name({"", path + '/', std::make_shared<File>()}); }

void Disk::unlink(const std::string& path) {
  if (names_.contains(path)) change_name({path, "", nullptr});
}

void Disk::rename(const std::string& from, const std::string& to) {
  const auto known = names_.find(from);
  if (known != names_.end()) change_name({from, to, known->second});
}

int Disk::sync(const Node& node) const {
  const std::uint64_t covered = node->decided + node->changes.size();
  if (const int error = syncing(); error != 0) return error;
  // Another sync of the same file may have ended meanwhile.
  for (; node->decided < covered; ++node->decided) {
    keep(node->durable, node->changes.front());
    node->changes.pop_front();
  }
  return 0;
}

int Disk::sync_dir(const std::string& path) {
  if (const int error = syncing(); error != 0) return error;
  const std::string dir = path + '/';
  std::erase_if(name_changes_, [&](const NameChange& change) {
    if (parent_of(change.from) != dir && parent_of(change.to) != dir) return false;
    apply(change, durable_names_);
    return true;
  });
  return 0;
}

void Disk::forget(const Node& node) {
  ++node->failures;
  node->durable = survivors(*node, chance_);
  node->decided += node->changes.size();
  node->changes.clear();
}

Image Disk::cut(std::mt19937_64& chance) const {
  // Names are journalled: a later change is there only with those before it.
  Names names = durable_names_;
  const std::size_t kept = by_chance(chance, 30) ? 0 : chance() % (name_changes_.size() + 1);
  for (std::size_t i = 0; i < kept; ++i) apply(name_changes_[i], names);
  const std::string root = root_.native() + '/';
  Image image;
  for (const auto& [path, node] : names) {  // a directory comes before what is in it
    const std::string parent = parent_of(path);
    if (parent != root && !names.contains(parent)) continue;
    image[path.substr(root.size())] = is_dir(path) ? std::string() : survivors(*node, chance);
  }
  return image;
}

}  // namespace edge::test

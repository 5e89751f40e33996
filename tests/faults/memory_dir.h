#pragma once
#include <stdlib.h>

#include <filesystem>
#include <stdexcept>
#include <string>

namespace edge::test {

/// A directory in memory where there is one, gone with the test: nothing in it waits for a real disk.
class MemoryDir {
 public:
  MemoryDir() {
    namespace fs = std::filesystem;
    std::string name = (fs::exists("/dev/shm") ? "/dev/shm" : fs::temp_directory_path().native()) + "/edge-test-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = name;
  }
  ~MemoryDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  MemoryDir(const MemoryDir&) = delete;
  MemoryDir& operator=(const MemoryDir&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace edge::test

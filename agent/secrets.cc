#include "agent/secrets.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "protocols/bytes.h"

namespace edge {
namespace {

constexpr std::size_t kSecretLimit = 4096;
constexpr mode_t kOthers = S_IRWXG | S_IRWXO;

std::filesystem::path credentials_directory() {
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");  // set by systemd alone
  return directory == nullptr ? std::filesystem::path() : std::filesystem::path(directory);
}

std::string errno_text(const std::filesystem::path& file) {
  return file.string() + ": " + std::system_category().message(errno);
}

Result<std::string> read_all(int fd, const std::filesystem::path& file) {
  std::string text(kSecretLimit, '\0');
  const ssize_t got = ::read(fd, text.data(), text.size());
  if (got < 0) return fail(Errc::kIo, errno_text(file));
  text.resize(static_cast<std::size_t>(got));
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  if (text.empty()) return fail(Errc::kMalformed, file.string() + " is empty");
  if (!is_plain_text(text)) return fail(Errc::kMalformed, file.string() + " must hold one line of text");
  return text;
}

Result<std::string> read_guarded(const std::filesystem::path& file, bool guarded_by_systemd) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0) return fail(errno == ENOENT ? Errc::kNotFound : Errc::kRefused, errno_text(file));
  struct stat facts {};
  Result<std::string> out;
  if (::fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode)) {
    out = fail(Errc::kMalformed, file.string() + " is not a file");
  } else if (!guarded_by_systemd && (facts.st_mode & kOthers) != 0) {
    out = fail(Errc::kRefused, file.string() + " is open to group or others: chmod 0600 " + file.string());
  } else {
    out = read_all(fd, file);
  }
  ::close(fd);
  return out;
}

tl::unexpected<Error> about(std::string_view key, const Error& error) {
  return fail(error.code, std::string(key) + ": " + error.detail);
}

}  // namespace

Result<std::string> read_secret_file(const std::filesystem::path& file) {
  const auto directory = credentials_directory();
  return read_guarded(file, !directory.empty() && file.parent_path() == directory);
}

Result<std::string> read_credential(std::string_view name) {
  const auto directory = credentials_directory();
  if (directory.empty()) {
    return fail(Errc::kUnavailable,
                "credential " + std::string(name) + ": not started by systemd with LoadCredential=");
  }
  return read_guarded(directory / name, true);
}

bool is_edge_key(std::string_view key) {
  const auto colon = key.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon > 64 || key.size() - colon - 1 < 16) return false;
  const auto id = key.substr(0, colon);
  const bool id_good = std::all_of(
      id.begin(), id.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-'; });
  return id_good && std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

Result<Secrets> read_secrets(const Config& config) {
  Secrets out;
  const bool by_name = !config.frappe.credential.empty();
  auto key = by_name ? read_credential(config.frappe.credential) : read_secret_file(config.frappe.key_file);
  if (!key) return about(by_name ? "[frappe] credential" : "[frappe] key_file", key.error());
  if (!is_edge_key(*key)) {
    return fail(Errc::kMalformed, "[frappe] key_file: must hold key_id:secret, the secret at least 16 characters");
  }
  out.frappe_key = *std::move(key);
  if (!config.mqtt.password_file.empty()) {
    auto password = read_secret_file(config.mqtt.password_file);
    if (!password) return about("[mqtt] password_file", password.error());
    out.mqtt_password = *std::move(password);
  }
  return out;
}

std::vector<std::string> unreadable_certificates(const Config& config) {
  std::vector<std::string> out;
  const std::array<std::pair<const char*, const std::filesystem::path*>, 6> files{{
      {"[frappe] ca_file", &config.frappe.ca_file},
      {"[frappe] client_cert", &config.frappe.client_cert},
      {"[frappe] client_key", &config.frappe.client_key},
      {"[mqtt] ca_file", &config.mqtt.ca_file},
      {"[mqtt] client_cert", &config.mqtt.client_cert},
      {"[mqtt] client_key", &config.mqtt.client_key},
  }};
  for (const auto& [key, file] : files) {
    if (file->empty() || ::access(file->c_str(), R_OK) == 0) continue;
    out.push_back(std::string(key) + ": " + errno_text(*file));
  }
  return out;
}

}  // namespace edge

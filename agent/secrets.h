#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config.h"
#include "protocols/result.h"

namespace edge {

/// The text of a secret's file without its line end. Errors: kNotFound, kRefused (group or others may read it; files
/// of $CREDENTIALS_DIRECTORY excepted, systemd guards them), kMalformed (empty, several lines).
Result<std::string> read_secret_file(const std::filesystem::path& file);

/// A systemd credential (LoadCredential=) by its name. Errors as above; kUnavailable outside such a service.
Result<std::string> read_credential(std::string_view name);

/// True for "key_id:secret": an id of [A-Za-z0-9._-]{1,64} and at least 16 visible characters.
bool is_edge_key(std::string_view key);

struct Secrets {
  std::string frappe_key;     ///< "key_id:secret"
  std::string mqtt_password;  ///< empty = none
};
/// Everything secret that `config` names. The error says which key of the file it is about.
Result<Secrets> read_secrets(const Config& config);

/// The certificate files `config` names that cannot be read, a line each; empty = none.
std::vector<std::string> unreadable_certificates(const Config& config);

}  // namespace edge

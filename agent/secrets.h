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

struct Secrets {
  std::string frappe_key;     ///< "key_id:secret"
  std::string mqtt_password;  ///< empty = none
};
/// Everything secret that `config` names. The error says which key of the file it is about.
Result<Secrets> read_secrets(const Config& config);

/// What is wrong with the files `config` names (secrets, certificates), a line each; empty = nothing.
std::vector<std::string> check_files(const Config& config);

}  // namespace edge

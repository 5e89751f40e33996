#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "agent/adapters/frappe_sink/http_client.h"
#include "agent/config.h"
#include "protocols/result.h"
#include "protocols/wire/enrolment.h"

/// Enrolment (wire.md §7): a one-time code of Desk becomes this gateway's key. Three steps, so that a person can compare
/// the server's certificate with the one that Desk shows before the code leaves this machine.
namespace edge {

/// What is known before anything is sent.
struct EnrolmentPlan {
  std::string url, code;
  bool encrypted = true;               ///< false: plain HTTP on this machine
  std::filesystem::path config_file, key_file, ca_file;
  std::optional<Config> config;        ///< what the file says now, where it is a whole configuration
  std::string config_text;             ///< of the file; empty = there is none
  std::string site_header;
  HttpClientSettings http;
};

/// Errors: kMalformed (the address; a configuration file that cannot be changed), kIo (a folder that cannot be written
/// to): better before the code is used up.
Result<EnrolmentPlan> plan_enrolment(const std::string& url, const std::string& code,
                                     const std::filesystem::path& config_file);

/// The certificate to compare. Errors: kIo.
Result<PresentedCertificate> look_at_server(const EnrolmentPlan& plan);

/// Sends the code, trusting `confirmed` (null: plain HTTP on this machine), and writes key file (0600), certificate where
/// the system's CAs do not know it, and the lines of the configuration. Errors: kRefused (the server's words; also: the
/// code is another gateway's, then nothing is written), kIo, kMalformed.
Result<wire::Enrolment> enrol(const EnrolmentPlan& plan, const PresentedCertificate* confirmed);

}  // namespace edge

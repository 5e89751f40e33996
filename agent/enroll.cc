#include "agent/enroll.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>
#include <vector>

#include "agent/config_edit.h"
#include "agent/config_values.h"
#include "agent/version.h"
#include "protocols/bytes.h"
#include "protocols/wire/answers.h"

namespace edge {
namespace {

constexpr std::string_view kMethod = "/api/method/frappe_ext.api.gateway.enroll";
constexpr const char* kServiceUser = "edge-agent";
constexpr mode_t kKeyMode = 0600, kConfigMode = 0640, kCertificateMode = 0644;

tl::unexpected<Error> io_error(const std::filesystem::path& path) {
  return fail(Errc::kIo, path.string() + ": " + std::system_category().message(errno));
}

/// Who must be able to read what is written: the owner of the file that is replaced, of the state directory, or the
/// service's user.
struct Owner {
  uid_t user = ::geteuid();
  gid_t group = ::getegid();
};
Owner owner_for(const EnrolmentPlan& plan) {
  struct stat facts {};
  if (plan.config && ::stat(plan.config->gateway.state_dir.c_str(), &facts) == 0) return {facts.st_uid, facts.st_gid};
  if (const passwd* const service = ::getpwnam(kServiceUser)) return {service->pw_uid, service->pw_gid};
  return {};
}

/// Whole or not at all, also through a power cut. A file that is there keeps its mode and owner.
Result<void> write_file(const std::filesystem::path& path, std::string_view text, mode_t mode, Owner owner) {
  struct stat before {};
  if (::stat(path.c_str(), &before) == 0) {
    owner = {before.st_uid, before.st_gid};
    mode = mode == kKeyMode ? kKeyMode : before.st_mode & 07777;
  }
  const std::string fresh = path.string() + ".new";
  (void)::unlink(fresh.c_str());
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kKeyMode);
  if (fd < 0) return io_error(fresh);
  bool good = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  good = good && (::geteuid() != 0 || ::fchown(fd, owner.user, owner.group) == 0);
  good = good && ::fchmod(fd, mode) == 0 && ::fsync(fd) == 0;
  good = ::close(fd) == 0 && good && ::rename(fresh.c_str(), path.c_str()) == 0;
  if (!good) return io_error(path);
  const int directory = ::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return io_error(path.parent_path());
  (void)::fsync(directory);
  ::close(directory);
  return {};
}

Result<std::string> text_of(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return std::string();
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  if (in) text << in.rdbuf();
  if (!in) return fail(Errc::kIo, file.string() + ": cannot be read");
  return text.str();
}

std::vector<ConfigText> lines_of(const EnrolmentPlan& plan, const wire::Enrolment& got, bool pinned) {
  std::vector<ConfigText> out{{"gateway", "id", got.gateway},
                              {"frappe", "url", plan.url},
                              {"frappe", "key_file", plan.key_file.string()}};
  const bool has_site = plan.config && std::find(got.sites.begin(), got.sites.end(), plan.config->gateway.site) !=
                                           got.sites.end();
  if (!has_site && !got.sites.empty()) out.push_back({"gateway", "site", got.sites.front()});
  if (pinned) out.push_back({"frappe", "ca_file", plan.ca_file.string()});
  return out;
}

/// What the server said, for a person. Never its body: a proxy's page is no sentence.
Error refusal_of(const HttpAnswer& answer) {
  if (const auto refusal = wire::parse_refusal(answer.body)) {
    return {Errc::kRefused, one_line(refusal->detail, 300) + " (" + one_line(refusal->code, 40) + ")"};
  }
  if (answer.status == 0) return {Errc::kIo, answer.failure};
  if (answer.status == 404 || answer.status == 417) {
    return {Errc::kRefused, "no Site Edge app answers there (HTTP " + std::to_string(answer.status) + ")"};
  }
  return {Errc::kRefused, "the server answers HTTP " + std::to_string(answer.status)};
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : std::string();
}

}  // namespace

Result<EnrolmentPlan> plan_enrolment(const std::string& url, const std::string& code,
                                     const std::filesystem::path& config_file) {
  const auto address = parse_url(url);
  if (!address || (address->scheme != "https" && address->scheme != "http")) {
    return fail(Errc::kMalformed, "the address must look like https://erp.example.org");
  }
  EnrolmentPlan plan;
  plan.encrypted = address->scheme == "https";
  if (!plan.encrypted && !is_loopback(address->host)) {
    return fail(Errc::kMalformed, "the address must be https: a code sent in the clear is anybody's");
  }
  plan.url = url;
  while (plan.url.ends_with('/')) plan.url.pop_back();
  plan.code = code;
  plan.config_file = std::filesystem::absolute(config_file);
  const auto folder = plan.config_file.parent_path();
  plan.key_file = folder / "frappe.key";
  plan.ca_file = folder / "frappe-ca.pem";
  auto text = text_of(plan.config_file);
  if (!text) return tl::unexpected(text.error());
  plan.config_text = *std::move(text);
  if (auto config = load_config(plan.config_file)) {
    plan.config = *std::move(config);
    const auto& frappe = plan.config->frappe;
    if (!frappe.key_file.empty()) plan.key_file = frappe.key_file;
    plan.site_header = frappe.site_header;
    plan.http.proxy = frappe.proxy;
    plan.http.client_cert = frappe.client_cert;
    plan.http.client_key = frappe.client_key;
  }
  plan.http.user_agent = "edge-agent/" + std::string(kVersion);
  const wire::Enrolment guess{"gw", "1", "k", "s", {"site"}, url, 0};
  if (const auto trial = with_texts(plan.config_text, lines_of(plan, guess, true)); !trial) {
    return fail(Errc::kMalformed, plan.config_file.string() + " " + trial.error().detail);
  }
  for (const auto& directory : {folder, plan.key_file.parent_path()}) {
    if (::access(directory.c_str(), W_OK) != 0) return io_error(directory);
  }
  return plan;
}

Result<PresentedCertificate> look_at_server(const EnrolmentPlan& plan) {
  return HttpClient(plan.http).presented(plan.url);
}

Result<wire::Enrolment> enrol(const EnrolmentPlan& plan, const PresentedCertificate* confirmed) {
  const bool pinned = confirmed != nullptr && !confirmed->trusted;
  const auto owner = owner_for(plan);
  auto http = plan.http;
  if (pinned) {
    if (auto kept = write_file(plan.ca_file, confirmed->pem, kCertificateMode, owner); !kept) {
      return tl::unexpected(kept.error());
    }
    http.ca_file = plan.ca_file;
  }
  const auto body = wire::encode(wire::EnrolmentRequest{plan.code, host_name(), std::string(kVersion)});
  HttpRequest request{"POST", plan.url + std::string(kMethod), {"Content-Type: application/json"}, body};
  if (!plan.site_header.empty()) request.headers.push_back("X-Frappe-Site-Name: " + plan.site_header);
  const auto answer = HttpClient(http).send(request);
  if (answer.status != 200) return tl::unexpected(refusal_of(answer));
  auto got = wire::parse_enrolment(answer.body);
  if (!got) return got;
  if (plan.config && plan.config->gateway.id != got->gateway &&
      std::filesystem::exists(plan.config->gateway.state_dir / "edge.sqlite")) {
    return fail(Errc::kRefused, "the code is that of gateway " + got->gateway + "; this store belongs to " +
                                    plan.config->gateway.id + ". Nothing was written: revoke key " + got->key_id +
                                    " in Desk");
  }
  if (auto kept = write_file(plan.key_file, got->key_id + ":" + got->secret + "\n", kKeyMode, owner); !kept) {
    return tl::unexpected(kept.error());
  }
  const auto text = with_texts(plan.config_text, lines_of(plan, *got, pinned));
  if (!text) return tl::unexpected(text.error());
  if (auto kept = write_file(plan.config_file, *text, kConfigMode, owner); !kept) return tl::unexpected(kept.error());
  return got;
}

}  // namespace edge

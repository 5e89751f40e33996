// Any body of any answer: a whole answer or an error of one plain line.
#include "check.h"
#include "protocols/bytes.h"
#include "protocols/record/decimal.h"
#include "protocols/record/quality.h"
#include "protocols/record/reason.h"
#include "protocols/wire/answers.h"
#include "protocols/wire/enrolment.h"
#include "protocols/wire/gateway.h"
#include "protocols/wire/reconcile.h"

namespace {

using namespace edge;

template <class T>
void check_error(const Result<T>& result) {
  if (result) return;
  check(!result.error().detail.empty() && is_plain_text(result.error().detail), "an error says why on one line");
}

void check_limit(const std::optional<std::string>& limit) {
  if (limit) check(is_decimal(*limit), "a limit is a decimal");
}

void check_config(const wire::GatewayConfig& config) {
  check(!config.version.empty(), "a configuration has a version");
  const PolicyBook book = wire::book_of(config);
  for (const Policy& policy : config.policies) {
    for (const Band* band : {&policy.warning, &policy.critical, &policy.valid}) {
      check_limit(band->min);
      check_limit(band->max);
    }
    check_limit(policy.spike_max);
    check(book.find(policy.site, policy.type) != nullptr, "a policy is found again");
    QualityFacts facts;
    facts.site = policy.site, facts.type = policy.type, facts.value = "21.5", facts.unit = policy.unit;
    for (const std::string& reason : judge(facts, book).reasons) check(is_reason(reason), "a verdict gives reasons");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view body = view(bytes, size);
  const auto submit = wire::parse_submit_answer(body);
  check_error(submit);
  if (submit) {
    for (const auto& result : submit->results) check(is_lower_hex(result.uid, 32), "a result has a uid");
  }
  const auto refusal = wire::parse_refusal(body);
  check(!refusal || is_reason_code(refusal->code), "a refusal has a code");
  check_error(wire::parse_heartbeat_answer(body));
  check_error(wire::parse_reconcile_differ(body));
  const auto missing = wire::parse_reconcile_missing(body);
  check_error(missing);
  if (missing) {
    for (const auto& uid : *missing) check(is_lower_hex(uid, 32), "a missing uid is one");
  }
  const auto epoch = wire::parse_new_epoch_answer(body);
  check_error(epoch);
  check(!epoch || is_decimal(*epoch), "an epoch is digits");
  const auto enrolment = wire::parse_enrolment(body);
  check_error(enrolment);
  if (enrolment) {
    check(is_wire_id(enrolment->gateway) && is_decimal(enrolment->epoch), "an enrolment names a gateway and its epoch");
    check(!enrolment->key_id.empty() && !enrolment->secret.empty(), "and has a key");
  }
  const auto config = wire::parse_config(body);
  check_error(config);
  if (config && !config->unchanged) check_config(*config);
  return 0;
}

#include "protocols/record/mismatch.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "protocols/record/decimal.h"
#include "protocols/record/reason.h"
#include "protocols/record/weight.h"

namespace edge {
namespace {

/// Wide enough for grams × percent at nine decimals: 10^13 × 10^2 × 10^9.
__extension__ using Wide = __int128;

/// A million tonnes: no vehicle weighs it, and every column holds the kilograms.
constexpr std::int64_t kGramsLimit = 1'000'000'000'000;
constexpr std::int64_t kHundredthsLimit = 99'999'999'999;
constexpr std::string_view kDefaultPct = "2.5";

constexpr std::array<std::string_view, 9> kNonconformances = {
    "net_vs_declared", "net_arithmetic",   "gross_below_tare", "weight_not_captured", "unit_mismatch",
    "preset_tare",     "duplicate_ticket", "chain_broken",     "indicator_net"};
constexpr std::array<std::string_view, 7> kFlagged = {"tare_drift", "stale_tare",     "time_order", "over_capacity",
                                                      "below_min",  "no_zero_return", "unstable"};
/// Of those, what a person may have taken upon himself at the scale; worst first.
constexpr std::array<std::string_view, 4> kOverrides = {"preset_tare", "no_zero_return", "over_capacity", "below_min"};

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& codes, std::string_view code) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

/// A weight of the ticket as somebody wrote it.
struct Mass {
  Weight weight;
  std::int64_t grams = 0;
};

std::optional<Mass> mass_from(std::string_view written, std::string_view unit) {
  const auto weight = weight_from(to_decimal(written).text);
  if (!weight) return std::nullopt;
  const auto grams = to_grams(*weight, unit);
  if (!grams || *grams > kGramsLimit || *grams < -kGramsLimit) return std::nullopt;
  return Mass{*weight, *grams};
}

/// True where `code` is among those an override begins with: "no_zero_return+over_capacity: queue at the gate".
bool is_overridden(std::string_view override_reason, std::string_view code) {
  const auto* const stop = std::find_if_not(override_reason.begin(), override_reason.end(), [](char c) {
    return c == '+' || is_reason_code({&c, 1});
  });
  std::string_view codes = override_reason.substr(0, static_cast<std::size_t>(stop - override_reason.begin()));
  while (!codes.empty()) {
    const std::size_t end = std::min(codes.find('+'), codes.size());
    if (codes.substr(0, end) == code) return true;
    codes.remove_prefix(std::min(end + 1, codes.size()));
  }
  return false;
}

/// One judgement; each step adds to the verdict.
class Judge {
 public:
  Judge(const TicketFacts& ticket, const ToleranceBook& book) : ticket_(ticket) {
    limits_from(book.find(ticket.site, ticket.at));
    for (const auto* stored : {&ticket.gross_stored, &ticket.tare_stored}) {
      if (*stored) weighings_.push_back(&**stored);
    }
  }

  TicketVerdict run() && {
    weigh();
    compare_with_declared();
    compare_with_net_sent();
    if (gross_ && tare_ && compare(gross_->weight, tare_->weight) < 0) add("gross_below_tare");
    compare_with_captured();
    judge_overrides();
    if (is_out_of_order()) add("time_order");
    if (is_manual()) add("manual_entry");
    if (is_inferred()) add("stability_inferred");
    finish();
    return std::move(verdict_);
  }

 private:
  void limits_from(const TolerancePolicy* policy) {
    pct_ = Weight{25, -1};
    verdict_.tolerance_pct = kDefaultPct;
    if (policy == nullptr) return;
    verdict_.policy_version = policy->version;
    if (const auto pct = weight_from(policy->tolerance_pct)) {
      pct_ = *pct;
      verdict_.tolerance_pct = policy->tolerance_pct;
    }
    if (policy->tolerance_kg) least_kg_ = weight_from(*policy->tolerance_kg);
  }

  void add(std::string_view code, std::string_view detail = {}) {
    std::string reason = make_reason(code, detail);
    if (std::find(found_.begin(), found_.end(), reason) == found_.end()) found_.push_back(std::move(reason));
  }

  /// The weights of the ticket and its net.
  void weigh() {
    const bool has_unit = mass_unit(ticket_.unit).has_value();
    if (!has_unit && !(ticket_.gross.empty() && ticket_.tare.empty())) add("net_arithmetic", "unit");
    if (!has_unit) return;
    gross_ = weigh("gross", ticket_.gross, verdict_.gross_kg);
    tare_ = weigh("tare", ticket_.tare, verdict_.tare_kg);
    if (!gross_ || !tare_) return;
    net_ = subtract(gross_->weight, tare_->weight);
    if (!net_) return add("net_arithmetic", "net");
    net_grams_ = to_grams(*net_, ticket_.unit);
    verdict_.net = to_text(*net_);
    if (net_grams_) verdict_.net_kg = kg_text(*net_grams_);
  }
  std::optional<Mass> weigh(std::string_view field, std::string_view written, std::string& kg) {
    if (written.empty()) return std::nullopt;
    auto mass = mass_from(written, ticket_.unit);
    if (mass) {
      kg = kg_text(mass->grams);
    } else {
      add("net_arithmetic", field);
    }
    return mass;
  }

  void compare_with_declared() {
    if (ticket_.declared_net_kg.empty()) return;
    const auto declared = mass_from(ticket_.declared_net_kg, "kg");
    if (!declared) return add("net_arithmetic", "declared_net_kg");
    if (declared->grams <= 0 || !net_grams_) return;
    const std::int64_t difference = *net_grams_ - declared->grams;
    const Wide distance = difference < 0 ? -Wide{difference} : Wide{difference};
    const Wide hundredths = (2 * distance * 10'000 + declared->grams) / (2 * Wide{declared->grams});
    verdict_.difference_kg = kg_text(difference);
    verdict_.difference_pct =
        to_text(Weight{static_cast<std::int64_t>(std::min(hundredths, Wide{kHundredthsLimit})), -2});
    if (!is_beyond(distance, declared->grams)) return;
    add("net_vs_declared", (difference < 0 ? "-" : "") + verdict_.difference_pct + "%");
  }
  /// Whether `distance` grams are more than both limits allow. Exactly at a limit is still good.
  bool is_beyond(Wide distance, std::int64_t declared) const {
    Wide share = distance * 100;  // per cent × declared, in the unit of the policy's last decimal
    for (int decimals = -pct_.exponent; decimals > 0; --decimals) share *= 10;
    if (share <= Wide{pct_.digits} * declared) return false;
    return !least_kg_ || compare(Weight{static_cast<std::int64_t>(distance), -3}, *least_kg_) > 0;
  }

  void compare_with_net_sent() {
    if (ticket_.net.empty() || !net_) return;
    const auto sent = weight_from(to_decimal(ticket_.net).text);
    if (!sent) return add("net_arithmetic", "net");
    if (compare(*sent, *net_) != 0) add("net_arithmetic", ticket_.net);
  }

  void compare_with_captured() {
    const auto& gross = ticket_.gross_stored;
    const auto& tare = ticket_.tare_stored;
    if (ticket_.origin == TicketFacts::Origin::kEdge) {
      const bool has_no_weighing = !ticket_.gross.empty() && ticket_.gross_weighing.empty();
      if (has_no_weighing || (gross && !is_captured(*gross, ticket_.gross))) add("weight_not_captured", "gross");
      if (tare && !is_captured(*tare, ticket_.tare)) add("weight_not_captured", "tare");
    }
    if (!gross || !tare) return;
    const auto a = mass_unit(gross->unit);
    const auto b = mass_unit(tare->unit);
    if (a != b) add("unit_mismatch", std::string(gross->unit) + '/' + std::string(tare->unit));
  }
  bool is_captured(const WeighingFacts& stored, std::string_view written) const {
    const auto of_ticket = weight_from(to_decimal(written).text);
    const auto of_scale = weight_from(to_decimal(stored.value).text);
    return of_ticket && of_scale && compare(*of_ticket, *of_scale) == 0 && stored.scale == ticket_.scale &&
           mass_unit(stored.unit) == mass_unit(ticket_.unit);
  }

  void judge_overrides() {
    for (const std::string_view code : kOverrides) {
      if (any_weighing([&](const auto& weighing) { return is_overridden(weighing.override_reason, code); })) {
        add(code);
      }
    }
  }

  bool is_out_of_order() const {
    if (any_weighing([&](const auto& weighing) { return weighing.at > ticket_.at; })) return true;
    if (!ticket_.gross_stored || !ticket_.tare_stored) return false;
    const std::int64_t gross_at = ticket_.gross_stored->at;
    const std::int64_t tare_at = ticket_.tare_stored->at;
    return ticket_.direction == "Receive" ? tare_at < gross_at : ticket_.direction == "Dispatch" && gross_at < tare_at;
  }

  bool is_manual() const {
    return ticket_.manual || ticket_.origin != TicketFacts::Origin::kEdge ||
           any_weighing([](const auto& weighing) { return weighing.manual; });
  }

  bool is_inferred() const {
    constexpr std::string_view kInferred = "Inferred";
    return ticket_.stability == kInferred ||
           any_weighing([&](const auto& weighing) { return weighing.stability == kInferred; });
  }

  template <class Is>
  bool any_weighing(Is is) const {
    return std::any_of(weighings_.begin(), weighings_.end(), [&](const auto* weighing) { return is(*weighing); });
  }

  void finish() {
    const auto rank = [](const std::string& reason) {
      return is_nonconformance(reason) ? 0 : is_mismatch(reason) ? 1 : 2;
    };
    std::stable_sort(found_.begin(), found_.end(), [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
    verdict_.nonconformance = std::any_of(found_.begin(), found_.end(), is_nonconformance);
    verdict_.mismatch = std::any_of(found_.begin(), found_.end(), is_mismatch);
    verdict_.reasons = std::move(found_);
  }

  const TicketFacts& ticket_;
  std::vector<const WeighingFacts*> weighings_;  ///< those that are stored
  Weight pct_;
  std::optional<Weight> least_kg_;
  std::optional<Mass> gross_, tare_;
  std::optional<Weight> net_;
  std::optional<std::int64_t> net_grams_;
  std::vector<std::string> found_;
  TicketVerdict verdict_;
};

}  // namespace

TicketVerdict judge_ticket(const TicketFacts& ticket, const ToleranceBook& book) { return Judge(ticket, book).run(); }

bool is_nonconformance(std::string_view reason) { return contains(kNonconformances, reason_code(reason)); }

bool is_mismatch(std::string_view reason) {
  return is_nonconformance(reason) || contains(kFlagged, reason_code(reason));
}

}  // namespace edge

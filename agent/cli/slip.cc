#include "agent/cli/slip.h"

#include <algorithm>
#include <array>
#include <iomanip>
#include <iostream>
#include <string_view>
#include <utility>

#include "agent/cli/ask.h"

namespace edge::cli {
namespace {

using Json = nlohmann::ordered_json;

void line(std::string_view name, const std::string& text) {
  std::cout << std::left << std::setw(13) << name << text << '\n';
}

const Json& at(const Json& object, const char* key) {
  static const Json kMissing;
  const auto found = object.find(key);
  return found == object.end() ? kMissing : *found;
}

void line_if(std::string_view name, const Json& object, const char* key) {
  if (!at(object, key).is_null()) line(name, shown(at(object, key)));
}

std::string alibi_of(const Json& weighing) {
  return "alibi " + shown(at(weighing, "scale")) + " epoch " + shown(at(weighing, "epoch")) + " number " +
         shown(at(weighing, "alibi_seq"));
}

/// A reason's code in words; the detail follows it.
constexpr std::array<std::pair<std::string_view, std::string_view>, 18> kWords{{
    {"net_vs_declared", "the net differs from the declared weight by more than is allowed"},
    {"net_arithmetic", "the weights do not give the net"},
    {"gross_below_tare", "the gross is below the tare"},
    {"weight_not_captured", "a weight is not the one that was captured"},
    {"unit_mismatch", "the two weights have different units"},
    {"duplicate_ticket", "another ticket has this number"},
    {"chain_broken", "the alibi memory does not verify"},
    {"indicator_net", "the indicator's own net differs"},
    {"preset_tare", "the tare was keyed in at the indicator"},
    {"tare_drift", "the tare differs from this vehicle's earlier ones"},
    {"stale_tare", "the stored tare is too old"},
    {"time_order", "the second weight was taken before the first"},
    {"over_capacity", "the load is above the scale's capacity; taken by override"},
    {"below_min", "the load is below the scale's minimum; taken by override"},
    {"no_zero_return", "the scale had not returned to zero; taken by override"},
    {"unstable", "the weight was not stable"},
    {"manual_entry", "a weight was keyed in by hand"},
    {"stability_inferred", "the indicator does not say when it is stable; that was inferred"},
}};

std::string in_words(const Json& reason) {
  const auto text = shown(reason);
  const auto colon = text.find(':');
  const auto code = text.substr(0, colon);
  const auto* const known =
      std::find_if(kWords.begin(), kWords.end(), [&](const auto& one) { return one.first == code; });
  const auto words = known == kWords.end() ? code : std::string(known->second);
  return colon == std::string::npos ? words : words + " (" + text.substr(colon + 1) + ")";
}

void print_pass(std::string_view name, const Json& ticket, const char* key, const Json& weighing) {
  if (weighing.is_null()) return line(name, shown(at(ticket, key)) + ' ' + shown(at(ticket, "unit"), 20));
  auto text = shown(at(weighing, "value")) + ' ' + shown(at(weighing, "unit"), 20) + "  " +
              time_of(at(weighing, "at")) + "  " + alibi_of(weighing);
  if (at(weighing, "manual") == true) text += "  keyed in: " + shown(at(weighing, "reason"));
  line(name, text);
}

void print_net(const Json& ticket) {
  line("net", shown(at(ticket, "net")) + ' ' + shown(at(ticket, "unit"), 20));
  if (at(ticket, "declared_net_kg").is_null()) return;
  auto text = shown(at(ticket, "declared_net_kg")) + " kg";
  if (!at(ticket, "difference_kg").is_null()) {
    text +=
        ", difference " + shown(at(ticket, "difference_kg")) + " kg (" + shown(at(ticket, "difference_pct")) + " %)";
  }
  line("declared", text);
}

void print_verdict(const Json& ticket) {
  line("mismatch", at(ticket, "mismatch") == true ? "YES" : "no");
  for (const auto& reason : at(ticket, "reasons")) line("", in_words(reason));
}

}  // namespace

void print_weight(const Json& weighing) {
  line("weight", shown(at(weighing, "value")) + ' ' + shown(at(weighing, "unit"), 20));
  line("as", shown(at(weighing, "role")));
  line("time", time_of(at(weighing, "at")));
  line("memory", alibi_of(weighing));
  line("stability", shown(at(weighing, "stability")));
  line_if("override", weighing, "override");
  if (at(weighing, "manual") == true) line("keyed in", shown(at(weighing, "reason")));
  std::cout << kNotLegalForTrade << '\n';
}

void print_slip(const Json& shown_ticket) {
  const auto& ticket = at(shown_ticket, "ticket");
  const auto& end = at(shown_ticket, "void");
  line("ticket", shown(at(ticket, "number")));
  if (!end.is_null()) line("VOID", time_of(at(end, "at")) + "  " + shown(at(end, "reason")));
  line("time", time_of(at(ticket, "at")));
  line("scale", shown(at(ticket, "scale")) + ", site " + shown(at(ticket, "site")));
  for (const auto& [name, key] : {std::pair{"vehicle", "vehicle"},
                                  {"driver", "driver"},
                                  {"direction", "direction"},
                                  {"order", "order"},
                                  {"lot", "lot"},
                                  {"operator", "operator"}}) {
    line_if(name, ticket, key);
  }
  print_pass("gross", ticket, "gross", at(shown_ticket, "gross"));
  print_pass("tare", ticket, "tare", at(shown_ticket, "tare"));
  print_net(ticket);
  line("stability", shown(at(ticket, "stability")));
  print_verdict(ticket);
  line("alibi hash", shown(at(ticket, "alibi_hash")));
  std::cout << kNotLegalForTrade << '\n';
}

}  // namespace edge::cli

#include "agent/cli/ticket_lists.h"

#include <iostream>

#include "agent/cli/ask.h"

namespace edge::cli {
namespace {

using Json = nlohmann::ordered_json;

/// A void names a uid; people know the number, where that ticket is in the same list.
std::string number_of(const Json& finished, const Json& uid) {
  for (const auto& ticket : finished) {
    if (ticket["uid"] == uid && ticket.contains("number")) return shown(ticket["number"]);
  }
  return shown(uid);
}

void print_finished(const Json& ticket, const Json& all) {
  const auto text = [&](const char* key) { return shown(ticket.value(key, Json(nullptr))); };
  if (ticket.contains("voids")) {
    std::cout << "void of " << number_of(all, ticket["voids"]) << "  " << time_of(ticket["at"]) << "  "
              << text("reason") << '\n';
    return;
  }
  std::cout << text("number") << "  " << time_of(ticket["at"]) << "  " << text("vehicle") << "  " << text("direction")
            << "  net " << text("net") << ' ' << text("unit")
            << (ticket.value("mismatch", Json()) == true ? "  MISMATCH" : "") << '\n';
}

}  // namespace

void print_open(const Json& ticket) {
  const char* const weighed = !ticket["second_weighing"].is_null()  ? "both weights taken"
                              : !ticket["first_weighing"].is_null() ? "first weight taken"
                                                                    : "not weighed yet";
  std::cout << "ticket " << shown(ticket["id"]) << " is open  " << shown(ticket["vehicle"]) << "  scale "
            << shown(ticket["scale"]) << "  "
            << (ticket["direction"].is_null() ? "direction not said" : shown(ticket["direction"])) << "  ";
  if (!ticket["declared_net_kg"].is_null()) std::cout << "declared " << shown(ticket["declared_net_kg"]) << " kg  ";
  std::cout << "since " << time_of(ticket["opened_at"]) << "  " << weighed << '\n';
}

void print_tickets(const Json& tickets) {
  for (const auto& ticket : tickets["open"]) print_open(ticket);
  for (const auto& ticket : tickets["finished"]) print_finished(ticket, tickets["finished"]);
  if (tickets["open"].empty() && tickets["finished"].empty()) std::cout << "no tickets\n";
}

}  // namespace edge::cli

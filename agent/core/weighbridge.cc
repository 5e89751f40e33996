#include "agent/core/weighbridge.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "agent/core/alibi.h"
#include "agent/core/ticket_record.h"
#include "agent/core/weighing_record.h"
#include "protocols/bytes.h"
#include "protocols/record/decimal.h"
#include "protocols/record/ticket.h"
#include "protocols/record/time.h"

namespace edge {
namespace {

/// Longest texts of a person that a record carries (wire.md: a Frappe Data column, a note).
constexpr std::size_t kNameLimit = 140;
constexpr std::size_t kNoteLimit = 440;  ///< the codes of what was overridden stand before it

tl::unexpected<Error> refused(std::string_view code, const std::string& sentence) {
  return fail(Errc::kRefused, std::string(code) + ": " + sentence);
}

tl::unexpected<Error> no_ticket(const std::string& which) { return fail(Errc::kNotFound, "there is no " + which); }

struct Field {
  const char* name;
  std::string* text;
  std::size_t limit = kNameLimit;
};

/// Takes the blanks around the texts off. Errors: kMalformed.
Result<void> tidy(std::initializer_list<Field> fields) {
  const auto blank = [](unsigned char c) { return c == ' ' || c == '\t'; };
  for (const auto& [name, pointer, limit] : fields) {
    std::string& text = *pointer;
    text.erase(text.begin(), std::find_if_not(text.begin(), text.end(), blank));
    text.erase(std::find_if_not(text.rbegin(), text.rend(), blank).base(), text.end());
    if (!is_plain_text(text)) return fail(Errc::kMalformed, std::string(name) + ": holds characters that are no text");
    if (text.size() > limit) {
      return fail(Errc::kMalformed, std::string(name) + ": is longer than " + std::to_string(limit) + " characters");
    }
  }
  return {};
}

Result<void> check_direction(std::string_view direction) {
  if (direction.empty() || direction == "Receive" || direction == "Dispatch") return {};
  return fail(Errc::kMalformed, "direction: write Receive or Dispatch");
}

bool same_vehicle(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::toupper(x) == std::toupper(y); });
}

/// One that the server can store too: it would refuse the whole ticket otherwise.
bool is_weight(std::string_view text) {
  const auto weight = weight_from(text);
  return weight && weight->digits >= 0 && is_storable(text);
}

std::string ticket_name(std::int64_t id) { return "ticket " + std::to_string(id); }

}  // namespace

struct Weighbridge::Scale {
  explicit Scale(ScaleSetup configured) : setup(std::move(configured)), machine(setup.rules) {}
  const ScaleSetup setup;
  WeighingMachine machine;
  std::string trouble;
};

/// What a capture is for.
struct Weighbridge::Pass {
  Scale* scale = nullptr;
  std::optional<std::int64_t> ticket;
  WeighingPlace place;
};

Weighbridge::Weighbridge(Weighings& weighings, Tickets& tickets, const Clock& clock, std::string gateway,
                         std::vector<ScaleSetup> scales)
    : weighings_(weighings), tickets_(tickets), clock_(clock), gateway_(std::move(gateway)) {
  for (auto& setup : scales) scales_.push_back(std::make_unique<Scale>(std::move(setup)));
}

Weighbridge::~Weighbridge() = default;

Weighbridge::Scale* Weighbridge::find(std::string_view device) const {
  for (const auto& scale : scales_) {
    if (scale->setup.device == device) return scale.get();
  }
  return nullptr;
}

Result<Weighbridge::Scale*> Weighbridge::scale_for(std::string_view device) const {
  if (scales_.empty()) return fail(Errc::kNotFound, "no scale is configured");
  if (device.empty() && scales_.size() == 1) return scales_.front().get();
  if (Scale* const scale = find(device)) return scale;
  std::string names;
  for (const auto& scale : scales_) names += (names.empty() ? "" : ", ") + scale->setup.device;
  if (device.empty()) return fail(Errc::kMalformed, "scale: say which of " + names);
  return fail(Errc::kNotFound, "there is no scale " + for_log(device) + ", only " + names);
}

void Weighbridge::sample(std::string_view scale, const WeightSample& sample, std::int64_t mono_ms) {
  const std::lock_guard lock(mutex_);
  Scale* const found = find(scale);
  if (found == nullptr) return;
  found->machine.feed(sample, mono_ms);
  found->trouble.clear();
}

void Weighbridge::trouble(std::string_view scale, std::string_view, std::string_view why, std::int64_t mono_ms) {
  const std::lock_guard lock(mutex_);
  Scale* const found = find(scale);
  if (found == nullptr) return;
  found->machine.damaged(mono_ms);
  found->trouble = one_line(why, kNameLimit);
}

void Weighbridge::set_config(const wire::GatewayConfig& config) {
  const std::lock_guard lock(mutex_);
  tolerances_ = ToleranceBook(config.tolerances);
  orders_ = config.orders;
}

TicketStart Weighbridge::with_order(TicketStart said, std::string_view site) const {
  const std::lock_guard lock(mutex_);
  const auto order = std::find_if(orders_.begin(), orders_.end(),
                                  [&](const auto& one) { return one.order == said.order && one.site == site; });
  // One that was not pulled yet stays a name: the server may know it by the time the ticket is there.
  if (said.order.empty() || order == orders_.end()) return said;
  for (const auto& [field, known] :
       {std::pair{&said.vehicle, &order->vehicle}, std::pair{&said.driver, &order->driver},
        std::pair{&said.direction, &order->direction}, std::pair{&said.declared_net_kg, &order->declared_net_kg},
        std::pair{&said.lot, &order->lot}}) {
    if (field->empty()) *field = *known;
  }
  return said;
}

Result<OpenTicket> Weighbridge::start(const TicketStart& order) {
  const std::lock_guard one_at_a_time(order_mutex_);
  const auto scale = scale_for(order.scale);
  if (!scale) return tl::unexpected(scale.error());
  const auto& setup = (*scale)->setup;
  auto said = order;
  const auto tidy_all = [&said] {
    return tidy({{"vehicle", &said.vehicle},
                 {"driver", &said.driver},
                 {"operator", &said.operator_id},
                 {"declared", &said.declared_net_kg},
                 {"order", &said.order},
                 {"lot", &said.lot}});
  };
  if (const auto good = tidy_all(); !good) return tl::unexpected(good.error());
  said = with_order(std::move(said), setup.site);
  // What the order filled in too: better said now than by the server of the finished ticket.
  if (const auto good = tidy_all(); !good) return tl::unexpected(good.error());
  if (said.vehicle.empty()) return fail(Errc::kMalformed, "vehicle: say which vehicle is weighed");
  if (const auto good = check_direction(said.direction); !good) return tl::unexpected(good.error());
  if (!said.declared_net_kg.empty() && !is_weight(said.declared_net_kg)) {
    return fail(Errc::kMalformed, "declared: write the kilograms like 24800 or 24800.5");
  }
  const auto open = tickets_.open_tickets();
  if (!open) return tl::unexpected(open.error());
  for (const auto& other : *open) {
    if (other.site != setup.site || !same_vehicle(other.vehicle, said.vehicle)) continue;
    return refused("vehicle_open", "vehicle " + said.vehicle + " has open " + ticket_name(other.id) + " of " +
                                       format_instant(other.opened_at) + "; complete or drop that first");
  }
  OpenTicket ticket;
  ticket.site = setup.site;
  ticket.scale = setup.device;
  ticket.vehicle = std::move(said.vehicle);
  ticket.driver = std::move(said.driver);
  ticket.operator_id = std::move(said.operator_id);
  ticket.direction = std::move(said.direction);
  ticket.declared_net_kg = std::move(said.declared_net_kg);
  ticket.order = std::move(said.order);
  ticket.lot = std::move(said.lot);
  ticket.opened_at = clock_.utc_ms();
  return tickets_.put(ticket);
}

Result<OpenTicket> Weighbridge::open_ticket(std::int64_t id) {
  auto open = tickets_.open_tickets();
  if (!open) return tl::unexpected(open.error());
  for (auto& ticket : *open) {
    if (ticket.id == id) return std::move(ticket);
  }
  return no_ticket("open " + ticket_name(id));
}

Result<Weighbridge::Pass> Weighbridge::pass_of(const CaptureOrder& order) {
  Pass pass;
  std::string device = order.scale, direction;
  int number = 0;
  if (order.ticket) {
    const auto ticket = open_ticket(*order.ticket);
    if (!ticket) return tl::unexpected(ticket.error());
    if (!device.empty() && device != ticket->scale) {
      return refused("other_scale", ticket_name(ticket->id) + " was opened on scale " + ticket->scale);
    }
    if (!ticket->second_weighing.empty()) {
      return refused("both_weighed", ticket_name(ticket->id) + " has both weights; complete it");
    }
    device = ticket->scale;
    direction = ticket->direction;
    number = ticket->first_weighing.empty() ? 1 : 2;
    if (order.pass != 0 && order.pass != number) {
      return refused("other_pass", ticket_name(ticket->id) + " waits for its weight number " + std::to_string(number));
    }
    pass.ticket = ticket->id;
  }
  const auto scale = scale_for(device);
  if (!scale) return tl::unexpected(scale.error());
  pass.scale = *scale;
  const auto& setup = pass.scale->setup;
  pass.place = {setup.site,        setup.device,
                setup.profile,     std::string(number == 0 ? "unknown" : role_of_pass(direction, number)),
                order.operator_id, setup.rules};
  return pass;
}

Result<wire::Weighing> Weighbridge::capture_load(const CaptureOrder& order, const Pass& pass) {
  Scale& scale = *pass.scale;
  std::optional<Capturable> weight;
  std::int64_t decided_at = 0;
  {
    const std::lock_guard lock(mutex_);
    decided_at = clock_.mono_ms();
    auto decided = scale.machine.capturable(decided_at, !order.override_reason.empty());
    if (const auto* refusal = std::get_if<Refusal>(&decided)) {
      return refused(to_text(*refusal), std::string(sentence(*refusal)));
    }
    weight = std::get<Capturable>(std::move(decided));
  }
  const auto record = weighing_record(*weight, pass.place, order.override_reason, clock_);
  if (!record) return tl::unexpected(record.error());
  auto kept = weighings_.record(*record, pass.ticket);
  if (!kept) return kept;
  const std::lock_guard lock(mutex_);
  scale.machine.captured(decided_at);  // no word on a load that came while the disk was slow
  return kept;
}

Result<wire::Weighing> Weighbridge::capture(const CaptureOrder& order) {
  const std::lock_guard one_at_a_time(order_mutex_);
  auto said = order;
  const auto tidied = tidy({{"operator", &said.operator_id},
                            {"override", &said.override_reason, kNoteLimit},
                            {"value", &said.manual_value},
                            {"unit", &said.manual_unit},
                            {"reason", &said.manual_reason, kNoteLimit}});
  if (!tidied) return tl::unexpected(tidied.error());
  const bool keyed = !said.manual_value.empty() || !said.manual_unit.empty() || !said.manual_reason.empty();
  if (keyed && !said.override_reason.empty()) {
    return fail(Errc::kMalformed, "override: a weight that is keyed in needs none");
  }
  // Said again because its answer was lost, it would become the second weight: nothing else tells the two apart.
  if (keyed && said.ticket && said.pass == 0) {
    return fail(Errc::kMalformed, "pass: say which weight of the ticket is keyed in, 1 or 2");
  }
  const auto pass = pass_of(said);
  if (!pass) return tl::unexpected(pass.error());
  if (!keyed) return capture_load(said, *pass);
  const auto record = keyed_record({said.manual_value, said.manual_unit, said.manual_reason}, pass->place, clock_);
  if (!record) return tl::unexpected(record.error());
  return weighings_.record(*record, pass->ticket);
}

Result<wire::Weighing> Weighbridge::proven(const std::string& uid) {
  auto weighing = weighings_.weighing(uid);
  if (!weighing || weighing_hash(link_of(*weighing, gateway_)) == weighing->hash) return weighing;
  return fail(Errc::kCorrupt, "the alibi record " + weighing->scale + " number " + std::to_string(weighing->alibi_seq) +
                                  " was changed: it does not give its hash");
}

Result<TicketPasses> Weighbridge::passes_of(const OpenTicket& ticket, std::string_view direction) {
  if (ticket.second_weighing.empty()) {
    const bool none = ticket.first_weighing.empty();
    return refused("not_weighed", ticket_name(ticket.id) + (none ? " has no weight yet" : " has one weight only"));
  }
  if (!ticket.direction.empty() && !direction.empty() && ticket.direction != direction) {
    return fail(Errc::kMalformed, "direction: " + ticket_name(ticket.id) + " was opened as " + ticket.direction);
  }
  TicketPasses passes;
  passes.direction = ticket.direction.empty() ? direction : ticket.direction;
  if (passes.direction.empty()) {
    return fail(Errc::kMalformed,
                "direction: say Receive (the first weight is the gross) or Dispatch (it is the tare)");
  }
  for (auto [uid, weighing] :
       {std::pair{&ticket.first_weighing, &passes.first}, std::pair{&ticket.second_weighing, &passes.second}}) {
    auto kept = proven(*uid);
    if (!kept) return tl::unexpected(kept.error());
    *weighing = *std::move(kept);
  }
  return passes;
}

Result<wire::ScaleTicket> Weighbridge::complete(const TicketEnd& order) {
  const std::lock_guard one_at_a_time(order_mutex_);
  auto operator_id = order.operator_id;
  if (const auto good = tidy({{"operator", &operator_id}}); !good) return tl::unexpected(good.error());
  if (const auto good = check_direction(order.direction); !good) return tl::unexpected(good.error());
  const auto ticket = open_ticket(order.id);
  if (!ticket) return tl::unexpected(ticket.error());
  const auto scale = scale_for(ticket->scale);
  if (!scale) return tl::unexpected(scale.error());
  auto passes = passes_of(*ticket, order.direction);
  if (!passes) return tl::unexpected(passes.error());
  passes->operator_id = std::move(operator_id);
  passes->at = clock_.utc_ms();
  ToleranceBook book;
  {
    const std::lock_guard lock(mutex_);
    book = tolerances_;
  }
  return tickets_.finish(ticket->id, ticket_record(*ticket, *passes, book), (*scale)->setup.code);
}

Result<wire::ScaleTicket> Weighbridge::void_ticket(const TicketVoid& order) {
  const std::lock_guard one_at_a_time(order_mutex_);
  auto said = order;
  const auto tidied =
      tidy({{"number", &said.number}, {"reason", &said.reason, kNoteLimit}, {"operator", &said.operator_id}});
  if (!tidied) return tl::unexpected(tidied.error());
  if (said.number.empty()) return fail(Errc::kMalformed, "number: say which ticket");
  if (said.reason.empty()) return fail(Errc::kMalformed, "reason: say why the ticket is void");
  const auto found = tickets_.tickets(said.number, 1);
  if (!found) return tl::unexpected(found.error());
  if (found->empty()) return no_ticket("ticket " + said.number);
  const auto& target = found->front();
  const auto before = void_of(tickets_, target.stamp.uid);
  if (!before) return tl::unexpected(before.error());
  if (*before) return refused("already_void", "ticket " + said.number + " is void already");
  wire::ScaleTicket record;
  record.stamp.site = target.stamp.site;
  record.scale = target.scale;
  record.action = "void";
  record.at = clock_.utc_ms();
  record.voids = target.stamp.uid;
  record.reason = std::move(said.reason);
  record.operator_id = std::move(said.operator_id);
  return tickets_.finish(0, record, {});
}

Result<void> Weighbridge::drop(std::int64_t id) {
  const std::lock_guard one_at_a_time(order_mutex_);
  const auto ticket = open_ticket(id);
  if (!ticket) return tl::unexpected(ticket.error());
  const auto done = tickets_.finish(id, {}, {});
  if (!done) return tl::unexpected(done.error());
  return {};
}

std::vector<ScaleStatus> Weighbridge::scales() const {
  const std::lock_guard lock(mutex_);
  const auto now = clock_.mono_ms();
  std::vector<ScaleStatus> out;
  for (const auto& scale : scales_) {
    const auto& setup = scale->setup;
    out.push_back({setup.device, setup.code, setup.site, setup.profile, scale->machine.view(now), scale->trouble});
  }
  return out;
}

Result<std::vector<OpenTicket>> Weighbridge::open_tickets() { return tickets_.open_tickets(); }

Result<std::vector<wire::ScaleTicket>> Weighbridge::tickets(std::string_view key, std::size_t limit) {
  return tickets_.tickets(key, limit);
}

Result<std::optional<wire::ScaleTicket>> void_of(Tickets& tickets, std::string_view ticket_uid) {
  auto found = tickets.tickets("void/" + std::string(ticket_uid), 1);
  if (!found) return tl::unexpected(found.error());
  if (found->empty()) return std::nullopt;
  return std::move(found->front());
}

}  // namespace edge

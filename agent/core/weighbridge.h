#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/ports/clock.h"
#include "agent/ports/field.h"
#include "agent/ports/store.h"
#include "protocols/record/tolerance.h"
#include "protocols/record/weighing.h"
#include "protocols/wire/gateway.h"

namespace edge {

struct TicketPasses;

/// One scale as configured.
struct ScaleSetup {
  std::string device, code, site;
  std::string profile;  ///< as weighings name it: the serial profile or "modbus:<map>"
  WeighingRules rules;
};

/// What a person orders at the scale. Empty = not said.
struct TicketStart {
  std::string scale, vehicle, driver, operator_id, direction, declared_net_kg, order, lot;
};
struct CaptureOrder {
  std::string scale;                   ///< needed where there are several
  std::optional<std::int64_t> ticket;  ///< nothing = a weighing without a ticket
  int pass = 0;  ///< 1 or 2: refused unless it is the ticket's next one; a weight keyed in for a ticket needs it
  std::string operator_id;
  std::string override_reason;  ///< not empty: take no_zero_return, below_min or over_capacity upon oneself
  std::string manual_value, manual_unit, manual_reason;  ///< a weight keyed in by a person, said as such
};
struct TicketEnd {
  std::int64_t id = 0;
  std::string operator_id, direction;  ///< direction where the start left it open
};
struct TicketVoid {
  std::string number, reason, operator_id;
};

/// A scale for status, tap and page.
struct ScaleStatus {
  std::string device, code, site, profile;
  ScaleView view;
  std::string trouble;  ///< the newest frame's or link's fault; empty = none
};

/// Drives one state machine per scale and makes captures and tickets durable (design.md §8). Safe from any thread;
/// nobody is told of a weight before it is synced. A weight is only ever the newest sample of the machine.
class Weighbridge final : public ScaleSink {
 public:
  Weighbridge(Weighings& weighings, Tickets& tickets, const Clock& clock, std::string gateway,
              std::vector<ScaleSetup> scales);
  ~Weighbridge() override;

  void sample(std::string_view scale, const WeightSample& sample, std::int64_t mono_ms) override;
  void trouble(std::string_view scale, std::string_view raw, std::string_view why, std::int64_t mono_ms) override;

  /// Tolerances and orders of the newest gateway.config.
  void set_config(const wire::GatewayConfig& config);

  /// Errors of all: kNotFound (no such scale or ticket), kRefused with the reason as "code: sentence", kMalformed (a
  /// field), and the store's.
  Result<OpenTicket> start(const TicketStart& order);
  /// What was captured, after it was synced. Refused with the code of the refusal (record/weighing.h).
  Result<wire::Weighing> capture(const CaptureOrder& order);
  /// Needs both passes. Judged by the tolerance policy of its site: advice; the server's verdict is the one of record.
  Result<wire::ScaleTicket> complete(const TicketEnd& order);
  /// A finished ticket by its number: a void record travels. Errors: kNotFound, kMalformed (no reason).
  Result<wire::ScaleTicket> void_ticket(const TicketVoid& order);
  /// An open ticket is given up; its weighings stay in the alibi memory.
  Result<void> drop(std::int64_t id);

  std::vector<ScaleStatus> scales() const;
  Result<std::vector<OpenTicket>> open_tickets();
  Result<std::vector<wire::ScaleTicket>> tickets(std::string_view key, std::size_t limit);

 private:
  struct Scale;
  struct Pass;
  Scale* find(std::string_view device) const;
  Result<Scale*> scale_for(std::string_view device) const;
  Result<OpenTicket> open_ticket(std::int64_t id);
  Result<Pass> pass_of(const CaptureOrder& order);
  Result<wire::Weighing> capture_load(const CaptureOrder& order, const Pass& pass);
  /// A weighing whose hash is that of its content. Errors: kCorrupt, the store's.
  Result<wire::Weighing> proven(const std::string& uid);
  Result<TicketPasses> passes_of(const OpenTicket& ticket, std::string_view direction);
  /// What the order that the ticket names says, where the person said nothing.
  TicketStart with_order(TicketStart said, std::string_view site) const;

  Weighings& weighings_;
  Tickets& tickets_;
  const Clock& clock_;
  const std::string gateway_;
  mutable std::mutex mutex_;  ///< the machines and the books; never held over the store
  std::mutex order_mutex_;    ///< one order at a time; held over the store
  std::vector<std::unique_ptr<Scale>> scales_;
  ToleranceBook tolerances_;
  std::vector<wire::ConfigOrder> orders_;
};

/// The void that names the ticket with this uid; nothing where there is none.
Result<std::optional<wire::ScaleTicket>> void_of(Tickets& tickets, std::string_view ticket_uid);

}  // namespace edge

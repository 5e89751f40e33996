#pragma once
#include <cstdint>
#include <string>

#include "agent/ports/clock.h"
#include "protocols/record/weighing.h"
#include "protocols/result.h"
#include "protocols/wire/records.h"

namespace edge {

/// Where, when and for what something is weighed: the same for a captured and a keyed-in weight.
struct WeighingPlace {
  std::string site, scale, profile, role, operator_id;
  WeighingRules rules;
};

/// The record of a weight that the machine allowed, not yet in any chain. `value` is the gross weight; a net frame says
/// so in `mode` and carries its `tare`. `override_reason` stands in it only where something was overridden, after the
/// refusal's code. Errors: kOutOfRange (no kilograms can be given for it).
Result<wire::Weighing> weighing_record(const Capturable& weight, const WeighingPlace& place,
                                       std::string_view override_reason, const Clock& clock);

/// A weight as a person keys it in.
struct KeyedWeight {
  std::string value, unit, reason;
};
/// Its record: manual, stability None, no frame. Errors: kMalformed with the field.
Result<wire::Weighing> keyed_record(const KeyedWeight& weight, const WeighingPlace& place, const Clock& clock);

}  // namespace edge

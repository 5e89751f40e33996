#pragma once
#include "frappe_ext/native/record_values.h"
#include "protocols/record/record_check.h"

namespace edge::native {

/// The fields of a record by which its form is checked. Views live as long as the dict that was read.
ObservationFields observation_fields(const RecordValues& record);
GapFields gap_fields(const RecordValues& record);
AmendFields amend_fields(const RecordValues& record);
WeighingFields weighing_fields(const RecordValues& record);
TicketFields ticket_fields(const RecordValues& record);

}  // namespace edge::native

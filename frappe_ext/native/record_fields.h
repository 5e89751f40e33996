#pragma once
#include "frappe_ext/native/fields.h"
#include "protocols/record/record_check.h"

namespace edge::native {

/// The fields of a record by which its form is checked. Views live as long as `record`.
ObservationFields observation_fields(Fields& record);
GapFields gap_fields(Fields& record);
AmendFields amend_fields(Fields& record);
WeighingFields weighing_fields(Fields& record);
TicketFields ticket_fields(Fields& record);

}  // namespace edge::native

#pragma once
#include <string>
#include <vector>

#include "agent/ports/store.h"
#include "protocols/wire/batch.h"

namespace edge {

/// The request that carries `rows` (wire.md §3); rows beyond 1 MB are taken off the end of them.
std::string encode_rows(const wire::BatchHead& head, std::vector<PendingRow>& rows);

}  // namespace edge

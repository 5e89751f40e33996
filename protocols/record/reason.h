#pragma once
#include <string>
#include <string_view>

namespace edge {

/// A reason as records carry it: `code` or `code:detail` (wire.md §1). The detail is cut to 80 characters
/// and its controls and line breaks become blanks; it may come from outside.
std::string make_reason(std::string_view code, std::string_view detail = {});

/// The code of a reason: everything before the first ':'.
std::string_view reason_code(std::string_view reason);

/// True for `[a-z0-9_]{1,40}`.
bool is_reason_code(std::string_view code);

/// True for `[a-z0-9_]{1,40}(:.{0,80})?` without line breaks.
bool is_reason(std::string_view reason);

}  // namespace edge

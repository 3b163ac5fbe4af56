// Text that came out of a file (names, descriptions) made safe to show: control characters, bidirectional marks, escape
// sequences and bytes that are no UTF-8 become \xNN or \u{NNNN}.
#pragma once

#include <string>
#include <string_view>

namespace tomograd {

std::string printable(std::string_view raw);
bool is_utf8(std::string_view raw);

// May stand as a file name everywhere: 1 to 128 of [A-Za-z0-9._-], not starting with '.' or '-'.
bool is_safe_name(std::string_view name);
// The nearest safe name: other characters become '_', runs of them one, leading and trailing ones fall away; never empty.
std::string safe_name(std::string_view raw);

}  // namespace tomograd

// How deep a JSON text nests, told before it is parsed: what a parser makes of a deep one may overflow the stack.
#pragma once

#include <string_view>

namespace lnn {

// whether no more than `most` arrays and objects are open at once, by their brackets outside of strings
bool json_depth_at_most(std::string_view text, int most);

}  // namespace lnn

// toml++, whose assertions are errors here: they stop the process at some malformed texts (3.3.0: "[(", "b = 1979-05-27T@").
// To be included in place of <toml++/toml.h>, so that there is one kind of them.
#pragma once
#pragma GCC system_header  // no warnings on its code, in which the macro below is expanded

namespace lnn {

struct TomlAssertion {};

}  // namespace lnn

#define TOML_ASSERT(expression) static_cast<void>((expression) ? 0 : throw ::lnn::TomlAssertion())
#include <toml++/toml.h>

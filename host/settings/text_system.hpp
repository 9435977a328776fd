// Systems whose Lagrangian is text: one of the catalogue, or that of the configuration, system.kind = "text".
#pragma once

#include "lnn/spec.hpp"
#include "settings/catalog.hpp"
#include "settings/config.hpp"

namespace lnn {

inline constexpr const char* text_system_name = "text";
inline constexpr const char* text_parameters = "system.parameters";  // the table of its numbers

// what system.kind names; of "text" made from the configuration
SystemInfo chosen_system(const Config::System&);

// Exit::usage where the names or the Lagrangian of "text" are wrong, or settings for it stand beside another kind
void check_text_system(const Config::System&);

// the system with its parameters, as kernels take it
SystemSpec system_spec(const Config::System&);

}  // namespace lnn

// The motions as a film on the page: what page.js moves, with its controls. The page carries every place; the
// script knows no physics.
#pragma once

#include <string>

#include "report/drawing.hpp"

namespace lnn {

std::string film(const Drawing&, const Motions&);

}  // namespace lnn

// A Lagrangian as a person writes it, system.lagrangian, made into a program (lnn/program.hpp):
//
//   m/2*(vx^2 + vy^2) - k/2*(x^2 + y^2)
//
// + - * / ^ and parentheses, as usual: ^ first and from the right, then unary minus, then * and /. Names are coordinates, the
// velocity of each (vx of x; v1 of q1 or theta1, which is vtheta1 too), parameters, pi, and the functions of one number
// sin cos tan asin acos atan exp log sqrt tanh abs. What does not depend on q and v is computed here; what occurs twice
// is computed once.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lnn/program.hpp"

namespace lnn {

// Exit::usage with the text and a caret under what is wrong
Program lagrangian_program(const std::string& text, const std::vector<std::string>& coordinates,
                           const std::map<std::string, double>& parameters);

// whether a parameter or a coordinate may have this name
bool is_name(const std::string& name);

}  // namespace lnn

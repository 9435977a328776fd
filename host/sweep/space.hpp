// What a sweep varies, as text. Dimensions are parted by ';', the choices of one by ',':
//
//   train.lr=1e-2,1e-3; model.hidden=[16,16],[64,64]
//
// Each choice is a TOML value. A random point draws every dimension of its space, evenly from choices or from
//
//   log(a,b)          a number whose logarithm is uniform      uniform(a,b)   a number
//   int(a,b)          an integer from a to b                   layers(a:b,c:d)  a to b hidden layers of one width from
//                                                              c to d, its logarithm uniform
//
// Numbers are rounded to four digits, so that a table says all there is of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "settings/load.hpp"

namespace lnn {

struct Dimension {
    std::string key;
    std::string law;                   // "log", "uniform", "int", "layers"; empty: choices
    std::vector<std::string> choices;  // TOML values
    std::vector<double> range;         // of a law: its two or four numbers
};

// `flag` is named by errors (Exit::usage)
std::vector<Dimension> parse_space(const std::string& text, const std::string& flag);

// the same text with the names of data.source's files absolute; all else stays as it is
std::string with_absolute_files(const std::string& text);

// value of a dimension at random point `point`: of this key, seed and point alone
std::string draw_value(const Dimension&, std::uint64_t seed, std::int64_t point);

}  // namespace lnn

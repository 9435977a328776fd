// The protocols of papers that `eval --protocol` has, each in a file of its own.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "evaluation/write.hpp"
#include "lnn/backend.hpp"
#include "problem/network.hpp"
#include "problem/problem.hpp"

namespace lnn {

struct Protocol {
    const char *name, *meaning;
    std::int64_t count;  // of its starts or states, as published
    Written (*evaluate)(Backend&, const Problem&, const Network&, std::int64_t count);
};
std::span<const Protocol> protocols();
const Protocol* find_protocol(std::string_view name);  // null where there is none

}  // namespace lnn

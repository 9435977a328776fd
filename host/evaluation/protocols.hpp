// The protocols of papers that `eval --protocol` has, each in a file of its own.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "lnn/backend.hpp"
#include "problem/network.hpp"
#include "problem/problem.hpp"

namespace lnn {

// what files hold, and what a terminal shows
struct Written {
    nlohmann::ordered_json json;
    std::string table;
};

struct Protocol {
    const char *name, *meaning;
    std::int64_t count;  // of its starts or states, as published
    Written (*evaluate)(Backend&, const Problem&, const Network&, std::int64_t count);
};
std::span<const Protocol> protocols();
const Protocol* find_protocol(std::string_view name);  // null where there is none

}  // namespace lnn

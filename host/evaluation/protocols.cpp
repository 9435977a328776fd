#include "evaluation/protocols.hpp"

#include "evaluation/write.hpp"

namespace lnn {

namespace {

template <auto evaluate>
Written written(Backend& backend, const Problem& problem, const Network& network, std::int64_t count) {
    const auto evaluation = evaluate(backend, problem, network, count);
    return {to_json(evaluation), table_of(evaluation)};
}

constexpr Protocol all[] = {
    {"box", "accelerations of fresh states", 100000, written<evaluate_box>},
    {"energy", "energy after 100 s from starts nearly at rest", 40, written<evaluate_energy>},
    {"links", "relative error of a chain of two links over 3 s", 100, written<evaluate_links>},
};

}  // namespace

std::span<const Protocol> protocols() { return all; }

const Protocol* find_protocol(std::string_view name) {
    for (const Protocol& protocol : all)
        if (protocol.name == name) return &protocol;
    return nullptr;
}

}  // namespace lnn

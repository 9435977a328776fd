#include "evaluation/protocols.hpp"

namespace lnn {

namespace {

template <auto evaluate>
Written by(Backend& backend, const Problem& problem, const Network& network, std::int64_t count) {
    return written(evaluate(backend, problem, network, count));
}

constexpr Protocol all[] = {
    {"box", "accelerations of fresh states", 100000, by<evaluate_box>},
    {"energy", "energy after 100 s from starts nearly at rest", 40, by<evaluate_energy>},
    {"links", "relative error of a chain of links over 3 s", 100, by<evaluate_links>},
};

}  // namespace

std::span<const Protocol> protocols() { return all; }

const Protocol* find_protocol(std::string_view name) {
    for (const Protocol& protocol : all)
        if (protocol.name == name) return &protocol;
    return nullptr;
}

}  // namespace lnn

// Which teams this machine has: the CPU in each instruction set, and a card where one answers.
#include <cstdlib>
#include <iostream>

#include "golden.hpp"

namespace lnn::golden {

namespace {

// a team is left out, with a line, if its backend is not there; a card that must be there fails its tests
// instead
std::vector<Team> find() {
    std::vector<Team> present;
    const char* required = std::getenv("LNN_REQUIRE_GPU");
    const auto offer = [&](const Team& team, bool needed) {
        try {
            team.make();
        } catch (const Error& error) {
            if (!needed) {
                std::cerr << "skipped: " << team.name << ": " << error.what() << "\n";
                return;
            }
        }
        present.push_back(team);
    };
    for (const char* isa : {"portable", "avx2", "avx512"})
        offer({isa, [isa] { return make_cpu_backend({.threads = 2, .isa = isa}); }}, isa == std::string("portable"));
    // tests for cards may run elsewhere, on an emulated one
    if (std::getenv("LNN_NO_CARD")) return present;
    offer({"cuda", [] { return make_cuda_backend({}); }}, required && std::string(required) == "1");
    return present;
}

}  // namespace

const std::vector<Team>& teams() {
    static const std::vector<Team> present = find();
    return present;
}

}  // namespace lnn::golden

// Protocol `box` of Cranmer et al. 2020: the mean over fresh states of |da_1| + ... + |da_n|.
#pragma once

#include <optional>

#include "evaluation/published.hpp"
#include "evaluation/quantiles.hpp"
#include "lnn/backend.hpp"
#include "problem/network.hpp"
#include "problem/problem.hpp"

namespace lnn {

struct BoxEvaluation {
    std::string system;
    std::int64_t states = 0;
    Quantiles l1;
    double mean_size = 0;  // of |a_1| + ... + |a_n|
    std::int64_t non_finite = 0;
    std::optional<std::uint64_t> seed;  // of one model of several
};
inline constexpr Published published_box[] = {{"LNN", 0.0689}, {"plain network", 0.0739}};  // mean, rad/s^2
BoxEvaluation evaluate_box(Backend&, const Problem&, const Network&, std::int64_t states);

}  // namespace lnn

// RUN/metrics.csv: how a training went.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace lnn {

// a row: one model over one interval of Adam's steps, or over one iteration of lm; NaN where the other has a
// value
struct Metrics {
    std::int64_t step = 0;  // the interval's end
    double epoch = 0;
    std::uint64_t seed = 0;
    double loss = 0, lr = 0,
           grad_norm = 0;  // loss and norm: means over the interval; of lm: on its batch, before the step
    std::int64_t skipped = 0, rolled_back = 0, truncated = 0;  // since the start: steps, steps, samples
    double truncated_share = 0;                                // of the samples of the interval, of the batch of lm
    double cond_p50 = 0, cond_p99 = 0, cond_max = 0;  // quantiles of cond(M), up to a factor of 2, in the interval
    double seconds = 0;                               // of training, since the start
    double cost = std::numeric_limits<double>::quiet_NaN();     // lm: robust cost of the batch after the iteration
    double damping = std::numeric_limits<double>::quiet_NaN();  // lm: mu of its last try
    int accepted = 1;                                           // lm: whether a step was taken
};

std::string metrics_csv(const std::vector<Metrics>&);
std::vector<Metrics> parse_metrics(std::string_view text, const std::string& where);  // Exit::file, naming `where`
std::vector<Metrics> read_metrics(const std::filesystem::path&);

}  // namespace lnn

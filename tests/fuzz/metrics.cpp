// RUN/metrics.csv, which goes on where a training goes on, and which the report draws.
#include "training/metrics.hpp"

#include "fuzz.hpp"

using namespace lnn;

namespace {

std::vector<Metrics> read(std::string_view text) { return parse_metrics(text, "metrics.csv"); }

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::vector<Metrics> rows;
    if (!fuzz::takes([&] { rows = read(fuzz::bytes_of(data, size)); })) return 0;
    rows = read(metrics_csv(rows));  // rounded
    fuzz::comes_back(rows, metrics_csv, read);
    return 0;
}

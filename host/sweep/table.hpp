// The rows of a sweep, one of each model on a rung, and what is told of them.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "files/json.hpp"

namespace lnn {

struct Row {
    std::int64_t id = 0;
    nlohmann::ordered_json settings;  // what is swept: key -> value
    int rung = 0;
    std::uint64_t seed = 0;
    std::int64_t failed_at = -1, skipped = 0, rolled_back = 0, truncated = 0;  // steps; -1: it did not fail
    // NaN where the model has none
    double loss = NAN;  // mean of the last interval
    // mean of |da_1| + ... + |da_n| on held-out samples, the same for all models (where a file holds none out: on those
    // of the training)
    double error = NAN;
    double relative_error = NAN;  // to that of predicting zero
    double seconds = 0;           // of its piece, shared out; not in table.json, which no clock changes

    bool failed() const { return failed_at >= 0; }
};

// as in table.json
void to_json(nlohmann::ordered_json&, const Row&);
Row row_of(const JsonField&);  // Exit::file where it is none

void sort_rows(std::vector<Row>&);                     // by number, then by rung
std::vector<Row> last_rungs(const std::vector<Row>&);  // of each model the highest rung it came to, of sorted rows
std::vector<Row> ranked(const std::vector<Row>&);      // those with a finite error, the best first

std::string csv_cell(const nlohmann::ordered_json&);  // quoted where it has to be

// table.csv, summary.json and timings.csv
std::string table_csv(const std::vector<std::string>& keys, const std::vector<Row>&);
nlohmann::ordered_json summary_of(const std::vector<Row>&);
std::string timings_csv(const std::vector<Row>&);

}  // namespace lnn

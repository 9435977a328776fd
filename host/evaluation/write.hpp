// Results of evaluations as JSON, which is what files hold, and as tables for a terminal.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "evaluation/box.hpp"
#include "evaluation/energy.hpp"
#include "evaluation/links.hpp"
#include "evaluation/measured.hpp"
#include "evaluation/trajectories.hpp"

namespace lnn {

nlohmann::ordered_json to_json(const TrajectoryEvaluation&);  // eval/summary.json
nlohmann::ordered_json to_json(const MeasuredEvaluation&);    // eval/measured.json
nlohmann::ordered_json to_json(const BoxEvaluation&);
nlohmann::ordered_json to_json(const EnergyEvaluation&);
nlohmann::ordered_json to_json(const LinksEvaluation&);

std::string table_of(const TrajectoryEvaluation&);
std::string table_of(const MeasuredEvaluation&);
std::string table_of(const BoxEvaluation&);
std::string table_of(const EnergyEvaluation&);
std::string table_of(const LinksEvaluation&);

// both of one evaluation
struct Written {
    nlohmann::ordered_json json;
    std::string table;
};
template <class Evaluation>
Written written(const Evaluation& e) {
    return {to_json(e), table_of(e)};
}

}  // namespace lnn

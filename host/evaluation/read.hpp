// Results of evaluations from the JSON that write.hpp makes of them, as far as it holds them: no scores of single
// trajectories, no roll-outs. What is not finite is NaN. A field that is absent or of another kind is Exit::file, one
// line; `where` names the file in it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "evaluation/box.hpp"
#include "evaluation/energy.hpp"
#include "evaluation/measured.hpp"
#include "evaluation/trajectories.hpp"

namespace lnn {

TrajectoryEvaluation read_trajectory_evaluation(std::string_view text, const std::string& where);
MeasuredEvaluation read_measured_evaluation(std::string_view text, const std::string& where);
// of the one model, or of several with their seeds
std::vector<BoxEvaluation> read_box_evaluations(std::string_view text, const std::string& where);
std::vector<EnergyEvaluation> read_energy_evaluations(std::string_view text, const std::string& where);

}  // namespace lnn

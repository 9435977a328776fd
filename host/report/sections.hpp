// The sections of the page, in HTML. One that has nothing to show is one line saying why.
#pragma once

#include <string>

#include "report/contents.hpp"

namespace lnn {

std::string title(const Contents&);                          // in text
std::string header(const Contents&, std::string_view lead);  // system, model, date, status

// of what eval/ holds; empty, or a line, where it holds nothing
std::string lead(const Contents&);   // how good it is, in a sentence
std::string tiles(const Contents&);  // medians and divergences
std::string results(const Contents&);
std::string measured_lead(const MeasuredEvaluation&);
std::string measured_tiles(const MeasuredEvaluation&);
std::string measured_results(const MeasuredEvaluation&);
std::string pairs_sentence(const TrajectorySummary::Paired&);
std::string protocol(const std::vector<BoxEvaluation>&);  // of each model, one or more
std::string protocol(const std::vector<EnergyEvaluation>&);

std::string settings(const Contents&);  // config.toml
std::string record(const Contents&);    // run.json

}  // namespace lnn

// RUN/report.html and RUN/figures: what a run did, for people. Made from the files of RUN alone, so that it
// can be made again at any time.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace lnn {

// writes figures/*.{svg,gp,csv} and report.html; returns notes to print (such as a missing gnuplot)
std::vector<std::string> write_report(const std::filesystem::path& run);

// the report's files and the key results, for --json
nlohmann::ordered_json report_json(const std::filesystem::path& run);

// sets several runs side by side on the page `target` (Exit::usage if it is there, without `force`), with its
// figures in a directory beside it, "NAME-figures"; returns notes as above
std::vector<std::string> write_comparison(const std::vector<std::filesystem::path>& runs,
                                          const std::filesystem::path& target, bool force);

}  // namespace lnn

// RUN/report.html and RUN/figures: what a run did, for people. Made from the files of RUN alone, so that it can be
// made again at any time.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace lnn {

// writes figures/*.{svg,gp,csv} and report.html; returns notes to print (such as a missing gnuplot)
std::vector<std::string> write_report(const std::filesystem::path& run);

}  // namespace lnn

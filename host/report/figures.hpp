// Figures of a run: numbers (.csv), a gnuplot script that stands on its own beside them (.gp), and the
// picture (.svg).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report/contents.hpp"

namespace lnn {

struct Figure {
    std::string name, title;
    std::string meaning;  // in a sentence or two
    std::string csv;      // a line of column names, then numbers; non-finite ones as nan, which leaves a gap
    std::string plot;     // gnuplot commands after the terminal is set; the numbers are in NAME.csv
    int width = 540, height = 370;
};

// what there is to draw; where a figure cannot be, a line in `left_out` says why
std::vector<Figure> curves(const Part<std::vector<Metrics>>&, std::vector<std::string>& left_out);
std::vector<Figure> motion(const Part<Config>&, const Part<Samples>&, std::vector<std::string>& left_out);

// writes the .csv and .gp of every figure, then has gnuplot draw each .svg; the pictures, in order, nothing
// where gnuplot failed or is missing, with a line in `notes`
std::vector<std::optional<std::string>> draw(const std::vector<Figure>&,
                                             const std::filesystem::path& directory,
                                             std::vector<std::string>& notes);

std::string value_text(double);  // a number of a .csv

// "set xrange" and about `intervals` round steps in it, for axis 'x' or 'y'
std::string axis(char name, double low, double high, int intervals);

}  // namespace lnn

// Figures of a run: numbers (.csv), a gnuplot script that stands on its own beside them (.gp), and the
// picture (.svg).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "problem/network.hpp"
#include "report/drawing.hpp"
#include "report/scores.hpp"
#include "training/metrics.hpp"

namespace lnn {

struct Figure {
    std::string name, title;
    std::string meaning;  // in a sentence or two
    std::string csv;      // a line of column names, then numbers; non-finite ones as nan, which leaves a gap
    std::string plot;     // gnuplot commands after the terminal is set; the numbers are in NAME.csv
    int width = 540, height = 440;
};

// told apart on white and on black, and from the blue of the truth and the orange of the model
inline constexpr const char* colours[] = {"#1f9a8f", "#a05fc0", "#c2506e", "#8a8a1f",
                                          "#6f7fd8", "#b5762a", "#4f9a3a", "#8d8d8d"};
inline const char* colour_of(std::size_t place) { return colours[place % std::size(colours)]; }

// what there is to draw; where a curve cannot be, a line in `left_out` says why
std::vector<Figure> curves(const std::vector<Metrics>&, std::vector<std::string>& left_out);
// of several runs, by their names, some without rows; nothing where none has a line
std::optional<Figure> losses(const std::vector<std::pair<std::string, std::vector<Metrics>>>& runs);
std::vector<Figure> motion_figures(const Drawing&, const Motions&);
// for a system whose energy is known; of a network also its own, aligned
Figure energy_figure(const SystemSpec&, const Motions&, const Network* = nullptr);

// errors of a name each, spread over their sizes; nothing where none has a logarithm
struct Series {
    std::string name;
    std::vector<double> values;
    std::size_t colour;  // its place among `colours`, which go round
};
std::optional<Figure> distribution(std::string name, std::string title, std::string meaning,
                                   const std::vector<Series>&);
std::vector<Figure> error_figures(const Scores&, std::string_view paired);  // paired: a sentence, or empty

// draws them into `directory` by gnuplot (.csv, .gp, .svg), and gives them as HTML, below them the lines of
// `left_out`; where gnuplot failed or is missing, a line in `notes` says so
std::string figures(const std::vector<Figure>&, const std::filesystem::path& directory,
                    const std::vector<std::string>& left_out, std::vector<std::string>& notes);

std::string value_text(double);                // a number of a .csv
std::string column_name(std::string text);     // one for its first line
std::string in_quotes(std::string_view text);  // a text in gnuplot's single quotes, on one line

// "set xrange" and about `intervals` round steps in it, for axis 'x' or 'y'
std::string axis(char name, double low, double high, int intervals);
// the same on a logarithmic axis, from 10^low to 10^high
std::string log_axis(char name, double low, double high);

}  // namespace lnn

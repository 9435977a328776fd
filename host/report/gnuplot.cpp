#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cerrno>
#include <cmath>
#include <csignal>

#include <fmt/format.h>

#include "files/atomic_file.hpp"
#include "files/descriptor.hpp"
#include "report/figures.hpp"
#include "report/html.hpp"

extern char** environ;

namespace lnn {

namespace {

namespace fs = std::filesystem;

std::string script(const Figure& figure) {
    return fmt::format(
        "# {0}; run in this directory: gnuplot {1}.gp\n"
        "set terminal svg size {2},{3} rounded font 'sans-serif,16' background '#ffffff' name '{1}'\n"
        "if (!exists('to_stdout')) set output '{1}.svg'\n"
        "set datafile separator ','\n"
        "set datafile columnheaders\n"
        "set grid linecolor rgb '#9a9a9a' linewidth 0.5 dashtype 3\n"
        "set border 3 linecolor rgb '#000000' linewidth 0.75\n"
        "set tics nomirror\n"
        "set key outside top horizontal samplen 2\n"
        "{4}",
        figure.title, figure.name, figure.width, figure.height, figure.plot);
}

struct Drawn {
    bool no_gnuplot = false;
    std::string svg;  // empty where it failed
};

// all that comes before the last writer closes it
std::string read_pipe(int descriptor) {
    std::string bytes;
    char piece[65536];
    for (;;) {
        const ssize_t got = ::read(descriptor, piece, sizeof piece);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return bytes;
        bytes.append(piece, std::size_t(got));
    }
}

// gnuplot on NAME.gp, in `directory`; without a shell, without the user's own settings, silent. The picture comes through
// a pipe: a kill or a full disk leaves no half of it.
Drawn run_gnuplot(const fs::path& directory, const std::string& name) {
    int ends[2] = {};
    if (::pipe2(ends, O_CLOEXEC) != 0) return {};
    const Descriptor reader(ends[0]);
    Descriptor writer(ends[1]);
    std::string program = "gnuplot", defaults = "-d", execute = "-e", setting = "to_stdout = 1", file = name + ".gp";
    char* const arguments[] = {program.data(), defaults.data(), execute.data(), setting.data(), file.data(), nullptr};
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addchdir_np(&actions, directory.c_str());
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, writer.get(), 1);
    ::posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    sigset_t standard;  // it ends where its reader does, as prepare_streams keeps us from
    ::sigemptyset(&standard);
    ::sigaddset(&standard, SIGPIPE);
    ::posix_spawnattr_setsigdefault(&attributes, &standard);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    pid_t child = 0;
    const int error = ::posix_spawnp(&child, program.c_str(), &actions, &attributes, arguments, environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
    writer.close();
    if (error != 0) return {error == ENOENT, {}};
    std::string svg = read_pipe(reader.get());
    int status = 0;
    while (::waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return {};
    const bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    return {false, good ? std::move(svg) : std::string()};
}

// what stands inside a page: no XML prologue, no tool tip, no point shapes (their ids would repeat)
std::string for_page(const std::string& svg, const Figure& figure) {
    const std::size_t begin = svg.find("<title>"), canvas = svg.find("<g id=\"gnuplot_canvas\"");
    const std::size_t defs = svg.find("<defs>"), body = svg.find("</defs>");
    if (begin == svg.npos || canvas == svg.npos || defs == svg.npos || body == svg.npos) return {};
    const std::size_t inner = svg.find('\n', canvas) + 1;
    return fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-labelledby=\"{}\">\n<g>\n{}{}", figure.width,
                       figure.height, figure.name, svg.substr(inner, defs - inner), svg.substr(body + 7));
}

// writes the .csv and .gp of every figure, then has gnuplot draw each .svg; the pictures, in order, nothing
// where gnuplot failed or is missing, with a line in `notes`
std::vector<std::optional<std::string>> draw(const std::vector<Figure>& figures, const fs::path& directory,
                                             std::vector<std::string>& notes) {
    if (!figures.empty()) make_directories(directory);
    std::vector<std::optional<std::string>> pictures(figures.size());
    bool installed = true;
    for (std::size_t i = 0; i < figures.size(); ++i) {
        const Figure& figure = figures[i];
        const fs::path svg = directory / (figure.name + ".svg");
        // an old picture must not stand beside new numbers
        remove_tree(svg);
        write_file(directory / (figure.name + ".csv"), figure.csv, true);
        write_file(directory / (figure.name + ".gp"), script(figure), true);
        if (!installed) continue;
        const Drawn drawn = run_gnuplot(directory, figure.name);
        installed = !drawn.no_gnuplot;
        std::string picture = for_page(drawn.svg, figure);
        if (!picture.empty()) {
            write_file(svg, drawn.svg, true);
            pictures[i] = std::move(picture);
        } else if (installed)
            notes.push_back(
                fmt::format("gnuplot could not draw {}: the figure is left out; see why with: cd {} && gnuplot "
                            "{}.gp",
                            svg.string(), directory.string(), figure.name));
    }
    if (!installed) notes.push_back("gnuplot is not installed: the figures are left out; apt install gnuplot-nox");
    return pictures;
}

}  // namespace

std::string value_text(double x) { return std::isfinite(x) ? fmt::format("{:.9g}", x) : "nan"; }

std::string column_name(std::string text) {
    for (char& c : text)
        if (c == ',' || c == '"' || c == '\n') c = ' ';
    return text;
}

std::string in_quotes(std::string_view text) {
    std::string quotes = "'";
    for (char c : text) quotes += c == '\'' ? "''" : std::string(1, c == '\n' ? ' ' : c);
    return quotes + "'";
}

std::string axis(char name, double low, double high, int intervals) {
    const double wanted = (high - low) / intervals, power = std::pow(10.0, std::floor(std::log10(wanted)));
    const double digit = wanted / power, step = power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
    return fmt::format("set {0}range [{1:.9g}:{2:.9g}]\nset {0}tics {3:.9g}\n", name, low, high, step);
}

std::string log_axis(char name, double low, double high) {
    std::string text = fmt::format("set logscale {0}\nset {0}range [{1}:{2}]\n", name, value_text(std::pow(10.0, low)),
                                   value_text(std::pow(10.0, high)));
    if (high - low >= 2) {  // powers of ten, six at most
        const int step = int(std::ceil((high - low) / 6));
        text += fmt::format("set format {0} '10^{{%L}}'\nset {0}tics 1e{1}\n", name, step);
        return step > 1 ? text + fmt::format("unset m{}tics\n", name) : text;
    }
    std::string tics;
    for (double power = std::floor(low); power <= high; ++power)
        for (int digit : {1, 2, 5})
            if (const double at = power + std::log10(digit); at >= low && at <= high)
                tics += fmt::format("{}{}", tics.empty() ? "" : ",", value_text(digit * std::pow(10.0, power)));
    return text + fmt::format("set format {0} '%g'\nset {0}tics ({1})\n", name, tics);
}

std::string figures(const std::vector<Figure>& all, const fs::path& directory, const std::vector<std::string>& left_out,
                    std::vector<std::string>& notes) {
    std::vector<std::string> trouble;
    const auto pictures = draw(all, directory, trouble);
    std::string html;
    for (std::size_t i = 0; i < all.size(); ++i)
        if (pictures[i])
            html += fmt::format("<figure>\n<h3 id=\"{}\">{}</h3>\n{}\n<figcaption>{}</figcaption>\n</figure>\n",
                                all[i].name, escape(all[i].title), *pictures[i], escape(all[i].meaning));
    if (!html.empty()) html = fmt::format("<div class=\"wide cards\">\n{}</div>\n", html);
    for (const std::string& line : trouble) html += paragraph(line, "absent");
    for (const std::string& line : left_out) html += paragraph(line, "absent");
    notes.insert(notes.end(), trouble.begin(), trouble.end());
    return html;
}

}  // namespace lnn

// What the program says to a person, on stderr: never in the way of the job. What cannot be written is lost.
#pragma once

#include <string_view>

#include <fmt/format.h>

namespace lnn {

// As main begins. Descriptors 0 to 2 that are closed are opened on /dev/null: what a job opens next would take their
// place, and the talk would land in its files. A result that has nowhere to go stays an error: 1 is not for writing. A
// reader that went away, and a limit on file sizes, are errors of write thereafter and end no process.
void prepare_streams();

void talk(std::string_view text) noexcept;

// what the job can do without
template <class Say>
void without_failing(Say say) noexcept {
    try {
        say();
    } catch (...) {  // no memory for a line
    }
}

// what a job says on its way, line by line, as its flags have it
struct Talk {
    bool wanted = true, bars = true, verbose = false;  // bars: of progress

    template <class... T>
    void say(fmt::format_string<const T&...> line, const T&... values) const noexcept {
        if (wanted) without_failing([&] { talk(fmt::format(line, values...) + "\n"); });
    }
    template <class... T>
    void detail(fmt::format_string<const T&...> line, const T&... values) const noexcept {
        if (verbose) say(line, values...);
    }
};

}  // namespace lnn

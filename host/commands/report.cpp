// lnn_gpu report: makes report.html and figures of a run again, from its files.
#include <fmt/format.h>

#include "commands/commands.hpp"
#include "options.hpp"
#include "progress.hpp"
#include "report.hpp"

namespace lnn {

Action report_command(CLI::App& app) {
    struct Flags {
        Options common;
        std::vector<std::string> runs;
    };
    auto flags = std::make_shared<Flags>();
    app.footer("lnn_gpu report runs/0001");
    add_talk_flags(app, flags->common);
    app.add_option("RUN", flags->runs, "run directories")->required();
    return [flags] {
        for (const std::string& run : flags->runs) {
            for (const std::string& note : write_report(run)) say(!flags->common.quiet, note);
            fmt::print("{}/report.html\n", run);
        }
        return Exit::ok;
    };
}

}  // namespace lnn

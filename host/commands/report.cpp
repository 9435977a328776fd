// lnn_gpu report: makes report.html and figures of a run again, from its files; sets several side by side.
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "commands/commands.hpp"
#include "commands/flags.hpp"
#include "files/atomic_file.hpp"
#include "files/run_directory.hpp"
#include "files/run_files.hpp"
#include "report/report.hpp"
#include "sweep/sweep.hpp"
#include "terminal/json_text.hpp"

namespace lnn {

Action report_command(Arguments& arguments) {
    struct Flags {
        Options common;
        std::vector<std::filesystem::path> runs;
    };
    auto flags = std::make_shared<Flags>();
    arguments.examples(
        "lnn_gpu report runs/0001\n"
        "lnn_gpu report runs/0001 runs/0002 --out both.html");
    add_talk_flags(arguments, flags->common);
    arguments
        .option("RUN", flags->runs,
                "run directories: each has its report.html made again; several are also set side by side")
        .required();
    arguments
        .option("--out", flags->common.out,
                "page that sets several runs side by side; none given: comparison.html where you stand")
        .type("FILE.html")
        .group("Output");
    arguments.flag("--force", flags->common.force, "overwrite that page").group("Output");
    return [flags] {
        const Options& options = flags->common;
        const bool several = flags->runs.size() > 1;
        if (!several && !options.out.empty())
            throw Error(Exit::usage, "--out is for the page that sets several runs side by side; name more of them");
        const std::filesystem::path page = options.out.empty() ? "comparison.html" : options.out;
        if (several) check_target(page, options.force);
        const auto tell = [&](const std::vector<std::string>& notes) {
            for (const std::string& note : notes) options.talk().say("{}", note);
        };
        nlohmann::ordered_json json;
        for (const auto& run : flags->runs) {
            const std::optional<RunDirectory> held = RunDirectory::try_open(run);
            const bool sweep = is_sweep(run);
            if (sweep && several)
                throw Error(Exit::usage,
                            fmt::format("{} is a sweep, which has no place beside runs; give it alone", run.string()));
            tell(sweep ? report_sweep(run) : write_report(run));
            json["runs"].push_back(
                sweep ? nlohmann::ordered_json{{"run", run.string()}, {"report", (run / run_files::report).string()}}
                      : report_json(run));
            if (!options.json) fmt::print("{}\n", (run / run_files::report).string());
        }
        if (several) {
            tell(write_comparison(flags->runs, page, options.force));
            json["comparison"] = page.string();
            if (!options.json) fmt::print("{}\n", page.string());
        }
        if (options.json) print_json(json);
        return Exit::ok;
    };
}

}  // namespace lnn

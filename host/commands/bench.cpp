// lnn_gpu bench: how fast this machine is at each kernel and at the main jobs, beside its bound.
#include <fmt/format.h>

#include "benchmark.hpp"
#include "commands/commands.hpp"
#include "files/atomic_file.hpp"
#include "json_text.hpp"
#include "options.hpp"

namespace lnn {

Action bench_command(CLI::App& app) {
    struct Flags {
        Options common;
        std::string compare;
        double seconds = 0.5;
    };
    auto flags = std::make_shared<Flags>();
    app.footer("lnn_gpu bench\nlnn_gpu bench --out now.json\nlnn_gpu bench --compare before.json");
    add_setting_flags(app, flags->common);
    add_json_flag(app, flags->common);
    app.add_option("--out", flags->common.out, "JSON file for the result")->type_name("FILE")->group("Output");
    app.add_flag("--force", flags->common.force, "overwrite it")->group("Output");
    app.add_option("--compare", flags->compare, "an earlier result, to compare with")->type_name("FILE.json");
    app.add_option("--seconds", flags->seconds, "time for each row, about")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    return [flags] {
        const Options& options = flags->common;
        nlohmann::ordered_json old;
        if (!options.out.empty()) check_target(options.out, options.force);
        if (!flags->compare.empty()) {
            old = nlohmann::ordered_json::parse(read_file(flags->compare), nullptr, false);
            if (!old.is_object() || !old.contains("rows"))
                throw Error(Exit::file, fmt::format("{}: not a result of lnn_gpu bench --out", flags->compare));
        }
        const auto result = run_benchmarks(resolve(options), flags->seconds);
        if (!options.out.empty()) write_file(options.out, text_of(result) + "\n", options.force);
        if (options.json)
            print_json(result);
        else
            fmt::print("{}{}", benchmark_table(result), old.is_null() ? "" : comparison_table(result, old));
        return Exit::ok;
    };
}

}  // namespace lnn

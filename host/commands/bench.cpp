// lnn_gpu bench: how fast this machine is at each kernel and at the main jobs, beside its bound.
#include <map>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "benchmark/benchmark.hpp"
#include "commands/commands.hpp"
#include "commands/flags.hpp"
#include "files/atomic_file.hpp"
#include "terminal/json_text.hpp"

namespace lnn {

Action bench_command(Arguments& arguments) {
    struct Flags {
        Options common;
        std::string compare;
        double seconds = 0.5;
    };
    auto flags = std::make_shared<Flags>();
    arguments.examples("lnn_gpu bench\nlnn_gpu bench --out now.json\nlnn_gpu bench --compare before.json");
    add_setting_flags(arguments, flags->common);
    add_json_flag(arguments, flags->common);
    arguments.option("--out", flags->common.out, "JSON file for the result").type("FILE").group("Output");
    arguments.flag("--force", flags->common.force, "overwrite it").group("Output");
    arguments.option("--compare", flags->compare, "an earlier result, to compare with").type("FILE.json");
    arguments.option("--seconds", flags->seconds, "time for each row, about").check(positive_number()).show_default();
    return [flags] {
        const Options& options = flags->common;
        std::optional<std::map<std::string, double>> old;
        if (!options.out.empty()) check_target(options.out, options.force);
        if (!flags->compare.empty()) old = parse_benchmark(read_file(flags->compare), flags->compare);
        const auto result = run_benchmarks(resolve(options), flags->seconds);
        if (!options.out.empty()) write_file(options.out, text_of(result) + "\n", options.force);
        if (options.json)
            print_json(result);
        else
            fmt::print("{}{}", benchmark_table(result), old ? comparison_table(result, *old) : "");
        return Exit::ok;
    };
}

}  // namespace lnn

// lnn_gpu compare: models on systems side by side, one table.
#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "commands/commands.hpp"
#include "commands/flags.hpp"
#include "compare/compare.hpp"
#include "settings/catalog.hpp"
#include "terminal/signals.hpp"

namespace lnn {

namespace {

std::vector<std::string> parted(const std::string& text) {
    std::vector<std::string> names;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t comma = std::min(text.find(',', at), text.size());
        names.push_back(text.substr(at, comma - at));
        at = comma + 1;
    }
    return names;
}

}  // namespace

Action compare_command(Arguments& arguments) {
    struct Flags {
        Options common;
        std::string systems = "double_pendulum", models, seeds = "0:4";
    };
    auto flags = std::make_shared<Flags>();
    for (const ModelInfo& model : models()) flags->models += (flags->models.empty() ? "" : ",") + model.name;
    arguments.examples(
        "lnn_gpu compare --systems double_pendulum,kepler --models lnn,delan,plain --seeds 0:8 --out runs/compared\n"
        "lnn_gpu compare --preset small --set train.steps=5000");
    add_setting_flags(arguments, flags->common);
    add_target_flags(arguments, flags->common, "the comparison's directory; without it runs/compare");
    add_talk_flags(arguments, flags->common);
    arguments.option("--systems", flags->systems, "physical systems").type("A,B").show_default();
    arguments.option("--models", flags->models, "models; the first is what the others are compared with")
        .type("A,B")
        .show_default();
    arguments.option("--seeds", flags->seeds, "seeds A to B - 1 of every model").type("A:B").show_default();
    return [flags] {
        Options& options = flags->common;
        take_seeds(flags->seeds, options);
        const Comparison all{options.out.empty() ? "runs/compare" : options.out, parted(flags->systems),
                             parted(flags->models)};
        if (options.dry_run) return print_comparison_plan(all, options);
        catch_stop_signals();
        return compare_models(all, options);
    };
}

}  // namespace lnn

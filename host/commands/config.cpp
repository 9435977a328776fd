// lnn_gpu config show|check: the configuration a run would have.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "commands/commands.hpp"
#include "commands/flags.hpp"
#include "settings/write.hpp"
#include "terminal/json_text.hpp"

namespace lnn {

namespace {

struct Flags {
    Options common;
    bool defaults = false;
};

void declare(CLI::App& app, Flags& flags) {
    add_setting_flags(app, flags.common);
    add_json_flag(app, flags.common);
    app.add_option("FILE", flags.common.config, "configuration (TOML), as -c")->excludes("--config");
}

Exit show(const Flags& flags) {
    const Config config = resolve(flags.common);
    if (flags.common.json)
        print_json(config_to_json(config));
    else
        fmt::print("{}", config_to_toml(config, flags.defaults));
    return Exit::ok;
}

Exit check(const Flags& flags) {
    resolve(flags.common);
    fmt::print("{}", flags.common.json ? "{\"ok\": true}\n" : "the configuration is valid\n");
    return Exit::ok;
}

}  // namespace

Action config_command(CLI::App& app) {
    auto flags = std::make_shared<Flags>();
    app.footer("lnn_gpu config show --defaults > my.toml\nlnn_gpu config check my.toml");
    app.require_subcommand(1);

    CLI::App* shown = app.add_subcommand("show", "prints the resolved configuration");
    shown->footer(
        "lnn_gpu config show --preset sweetspot\n"
        "lnn_gpu config show my.toml --set train.lr=1e-4 --json\n"
        "lnn_gpu config show --defaults");
    declare(*shown, *flags);
    shown
        ->add_flag("--defaults", flags->defaults, "document every key; without other flags the values are the defaults")
        ->group("Output");

    CLI::App* checked = app.add_subcommand("check", "says whether a configuration is valid: exit 0, else 2 or 4");
    checked->footer("lnn_gpu config check my.toml");
    declare(*checked, *flags);
    return [flags, shown] { return shown->parsed() ? show(*flags) : check(*flags); };
}

}  // namespace lnn

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

void declare(Arguments& arguments, Flags& flags) {
    add_setting_flags(arguments, flags.common);
    add_json_flag(arguments, flags.common);
    arguments.option("FILE", flags.common.config, "configuration (TOML), as -c").excludes("--config");
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

Action config_command(Arguments& arguments) {
    auto flags = std::make_shared<Flags>();
    arguments.examples("lnn_gpu config show --defaults > my.toml\nlnn_gpu config check my.toml");

    Arguments shown = arguments.subcommand("show", "prints the resolved configuration");
    shown.examples(
        "lnn_gpu config show --preset sweetspot\n"
        "lnn_gpu config show my.toml --set train.lr=1e-4 --json\n"
        "lnn_gpu config show --defaults");
    declare(shown, *flags);
    shown.flag("--defaults", flags->defaults, "document every key; without other flags the values are the defaults")
        .group("Output");

    Arguments checked = arguments.subcommand("check", "says whether a configuration is valid: exit 0, else 2 or 4");
    checked.examples("lnn_gpu config check my.toml");
    declare(checked, *flags);
    return [flags, shown] { return shown.given() ? show(*flags) : check(*flags); };
}

}  // namespace lnn

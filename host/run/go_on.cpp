#include "run/go_on.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "files/run_files.hpp"
#include "run/session.hpp"
#include "settings/schema.hpp"

namespace lnn {

Exit start_or_go_on(const std::string& command, const Config& wanted, Work work, const Options& options) {
    const std::filesystem::path run = options.out;
    if (options.force || !std::filesystem::exists(run / run_files::config))
        return Session::start(command, wanted, options).work(work);
    Options plain = options;  // what it was started with is in it
    plain.preset.clear(), plain.settings.clear(), plain.config.clear();
    Session session = Session::open(run, plain);
    Config config = session.config();
    config.run.backend = wanted.run.backend;  // resolved when it was started
    config.run.device = wanted.run.device;
    config.run.threads = wanted.run.threads;
    config.run.isa = wanted.run.isa;
    if (const auto changed = differences(config, wanted); !changed.empty())
        throw Error(Exit::usage,
                    fmt::format("{} was started with another {}; give what it was started with, or --force to "
                                "start anew",
                                run.string(), fmt::join(changed, ", ")));
    work.resume = true;
    return session.work(work);
}

}  // namespace lnn

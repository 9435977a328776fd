// A configuration file and, after zero bytes, settings KEY=VALUE as of --set.
#include "fuzz.hpp"
#include "settings/load.hpp"
#include "settings/write.hpp"

using namespace lnn;

namespace {

Config read(const std::string& text, const std::vector<Setting>& flags) {
    Sources sources;
    sources.file = "x.toml";
    sources.flags = flags;
    sources.environment = false;
    return load(sources, text);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view left = fuzz::bytes_of(data, size);
    const auto part = [&] {
        const std::size_t end = std::min(left.find('\0'), left.size());
        std::string text(left.substr(0, end));
        left.remove_prefix(std::min(end + 1, left.size()));
        return text;
    };
    const std::string text = part();
    std::vector<Setting> flags;
    while (!left.empty() && flags.size() < 8) {
        const std::string setting = part();
        const std::size_t equals = std::min(setting.find('='), setting.size());
        flags.push_back(
            {setting.substr(0, equals), setting.substr(std::min(equals + 1, setting.size())), "--set " + setting});
    }
    Config config;
    if (fuzz::takes([&] { config = read(text, flags); }))
        fuzz::comes_back(
            config, [](const Config& written) { return config_to_toml(written); },
            [](const std::string& written) { return read(written, {}); });
    return 0;
}

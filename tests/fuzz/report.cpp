// eval/summary.json, and what the page of a run makes of it. A field that is absent or of another kind is a line there,
// which nlohmann's exceptions tell of.
#include "fuzz.hpp"
#include "report/sections.hpp"

using namespace lnn;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Contents contents;
    contents.config.value = Config();
    const auto parse = [](std::string_view text) { return parse_summary(text, "summary.json"); };
    if (!fuzz::takes([&] { contents.summary.value = parse(fuzz::bytes_of(data, size)); })) return 0;
    for (const auto section : {lead, results}) try {
            section(contents);
        } catch (const nlohmann::json::exception&) {
        }
    key_results(contents);
    tiles(contents);
    return 0;
}

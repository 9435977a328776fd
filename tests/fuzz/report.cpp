// eval/summary.json, and what the page of a run makes of it.
#include <nlohmann/json.hpp>

#include "evaluation/read.hpp"
#include "evaluation/write.hpp"
#include "fuzz.hpp"
#include "report/sections.hpp"

using namespace lnn;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto read = [](std::string_view text) { return read_trajectory_evaluation(text, "summary.json"); };
    Contents contents;
    contents.config.value = Config();
    if (!fuzz::takes([&] { contents.summary.value = read(fuzz::bytes_of(data, size)); })) return 0;
    fuzz::comes_back(
        *contents.summary, [](const auto& evaluation) { return to_json(evaluation).dump(); }, read);
    for (const auto section : {lead, tiles, results}) section(contents);
    return 0;
}

// run.json, of a run and of a sweep.
#include "files/record.hpp"

#include "fuzz.hpp"
#include "sweep/directory.hpp"
#include "terminal/json_text.hpp"

using namespace lnn;

namespace {

nlohmann::ordered_json parse(std::string_view text) { return parse_record(text, "run.json"); }

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::bytes_of(data, size);
    nlohmann::ordered_json record;
    if (fuzz::takes([&] { record = parse(text); })) fuzz::comes_back(record, text_of, parse);
    fuzz::takes([&] { parse_sweep_record(text, "run.json"); });
    return 0;
}

// A file of results of a sweep.
#include "fuzz.hpp"
#include "sweep/directory.hpp"

using namespace lnn;

namespace {

std::vector<Row> parse(std::string_view text) { return parse_piece(text, "piece.json"); }

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::vector<Row> rows;
    if (fuzz::takes([&] { rows = parse(fuzz::bytes_of(data, size)); })) fuzz::comes_back(rows, encode_piece, parse);
    return 0;
}

#include "files/array.hpp"

#include <fmt/format.h>

#include <cmath>

#include "lnn/error.hpp"

namespace lnn {

std::optional<std::size_t> element_count(std::span<const std::size_t> shape) {
    std::size_t count = 1;
    for (const std::size_t size : shape)
        if (__builtin_mul_overflow(count, size, &count)) return {};
    return count;
}

std::string shape_text(std::span<const std::size_t> shape) {
    return fmt::format("({}{})", fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
}

bool is_integer(double value) { return value == std::floor(value) && std::abs(value) <= 9007199254740992.0; }

void require_finite(const Array& array, const std::string& where) {
    const std::size_t rows = array.shape.empty() ? 1 : array.shape[0];
    for (std::size_t i = 0; i < array.values.size(); ++i) {
        if (std::isfinite(array.values[i])) continue;
        const std::size_t columns = array.values.size() / rows;
        throw Error(Exit::file, fmt::format("{}: row {}, column {} is {}; every value must be finite: mend or "
                                            "remove that row (both counted from 1)",
                                            where, i / columns + 1, i % columns + 1, array.values[i]));
    }
}

}  // namespace lnn

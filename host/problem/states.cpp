#include "problem/states.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "files/npy.hpp"
#include "lnn/error.hpp"

namespace lnn {

std::vector<double> transposed(std::span<const double> values, std::size_t rows, std::size_t columns) {
    std::vector<double> out(values.size());
    for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t c = 0; c < columns; ++c) out[c * rows + r] = values[r * columns + c];
    return out;
}

void require_memory(double bytes, const std::string& what) {
    const double there = double(sysconf(_SC_PHYS_PAGES)) * double(sysconf(_SC_PAGESIZE));
    if (bytes > there)
        throw Error(Exit::usage, fmt::format("{} need {:.3g} GB of memory, this machine has {:.3g}; ask for fewer",
                                             what, bytes * 1e-9, there * 1e-9));
}

std::vector<double> load_beside(const std::filesystem::path& path, const char* what, std::size_t samples, int dof) {
    const Array array = read_npy(path);
    if (array.shape != std::vector<std::size_t>{samples, std::size_t(dof)})
        throw Error(Exit::file, fmt::format("{}: shape {}; expected ({}, {}): {}, a row for each state", path.string(),
                                            shape_text(array.shape), samples, dof, what));
    require_finite(array, path.string());
    return transposed(array.values, samples, dof);
}

std::vector<double> load_states(const std::filesystem::path& path, int dof) {
    const Array array = read_npy(path);
    const std::size_t columns = 2 * std::size_t(dof);
    if (array.shape.size() != 2 || array.shape[1] != columns)
        throw Error(Exit::file, fmt::format("{}: shape {}; expected (N, {}): q and v of {} degrees of freedom; save "
                                            "one state a row",
                                            path.string(), shape_text(array.shape), columns, dof));
    if (array.shape[0] == 0)
        throw Error(Exit::file, fmt::format("{}: no states in it; save one or more", path.string()));
    require_finite(array, path.string());
    return transposed(array.values, array.shape[0], columns);
}

}  // namespace lnn

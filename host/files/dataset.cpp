#include "files/dataset.hpp"

#include <fmt/format.h>

#include <set>
#include <unordered_map>
#include <utility>

#include "files/array.hpp"
#include "files/atomic_file.hpp"
#include "files/lines.hpp"
#include "files/memory.hpp"
#include "files/npz.hpp"
#include "files/table.hpp"
#include "lnn/error.hpp"

namespace lnn {

namespace {

// the arrays of an archive, of which one is taken after the other
struct Arrays {
    Arrays(std::string_view bytes, const std::string& name) : archive(bytes, name), where(name) {
        for (const auto& [member, index] : archive.members()) left.insert(member);
    }
    bool hold(const std::string& key) const { return left.contains(key); }
    Array take(const std::string& key) {
        if (left.erase(key) == 0)
            throw Error(Exit::file, fmt::format("{}: no array '{}'; it holds: {}. Save q and v (and a, t, trajectory "
                                                "where known) with numpy.savez",
                                                where, key, fmt::join(left, ", ")));
        Array array = archive.read(key);
        require_finite(array, fmt::format("{}: {}", where, key));
        return array;
    }

    Npz archive;
    const std::string& where;
    std::set<std::string> left;
};

void require_shape(const Array& array, const std::vector<std::size_t>& shape, const std::string& key,
                   const std::string& where) {
    if (array.shape != shape)
        throw Error(Exit::file, fmt::format("{}: {} has shape {}, but q asks for {}; save one row a sample", where, key,
                                            shape_text(array.shape), shape_text(shape)));
}

LoadedDataset read_npz_dataset(std::string_view bytes, const std::string& where) {
    Arrays arrays(bytes, where);
    // named before anything is taken, so that the error lists all there is
    if (!arrays.hold("v")) arrays.take("v");
    Array q = arrays.take("q");
    if (q.shape.size() != 2 || q.values.empty() || q.shape[1] > most_columns)
        throw Error(Exit::file,
                    fmt::format("{}: q has shape {}, not (N, n) with N >= 1 and n from 1 to {}; save one row "
                                "a sample, one column a coordinate",
                                where, shape_text(q.shape), most_columns));
    const std::vector<std::size_t> rows = {q.shape[0]};

    LoadedDataset loaded;
    Dataset& data = loaded.data;
    data.samples = q.shape[0];
    data.dof = static_cast<int>(q.shape[1]);
    const auto column = [&](const std::string& key, const std::vector<std::size_t>& shape) {
        Array array = arrays.take(key);
        require_shape(array, shape, key, where);
        return std::move(array.values);
    };
    data.v = column("v", q.shape);
    if (arrays.hold("a")) data.a = column("a", q.shape);
    if (arrays.hold("t")) data.t = column("t", rows);
    const auto numbers = [&](const std::string& key, std::vector<std::int64_t>& to) {
        if (!arrays.hold(key)) return;
        for (const double number : column(key, rows)) {
            if (!is_integer(number))
                throw Error(Exit::file, fmt::format("{}: {} holds {}, not an integer", where, key, number));
            to.push_back(static_cast<std::int64_t>(number));
        }
    };
    numbers("trajectory", data.trajectory);
    numbers("trial", data.trial);
    if (arrays.hold("angles")) {
        data.angles = 0;
        const std::vector<double> flags = column("angles", {q.shape[1]});
        for (std::size_t i = 0; i < flags.size() && i < 32; ++i)
            if (flags[i] != 0) *data.angles |= 1u << i;
    }
    data.q = std::move(q.values);

    if (!arrays.left.empty())
        loaded.notes.push_back(fmt::format("{}: arrays ignored: {}", where, fmt::join(arrays.left, ", ")));
    return loaded;
}

}  // namespace

LoadedDataset load_dataset(const std::filesystem::path& path) {
    return within_memory(path, [&] {
        Lines file(path);
        return load_dataset(file);
    });
}

LoadedDataset load_dataset(Lines& file) {
    return is_npz(file) ? read_npz_dataset(file.rest(), file.where()) : read_csv_dataset(file);
}

std::vector<double> time_steps(const Dataset& data) {
    std::vector<double> steps;
    std::unordered_map<std::int64_t, double> last;  // trajectory -> time of its last row so far
    for (std::size_t row = 0; row < data.t.size(); ++row) {
        const auto [before, fresh] = last.try_emplace(data.trajectory.empty() ? 0 : data.trajectory[row], data.t[row]);
        if (!fresh) steps.push_back(data.t[row] - std::exchange(before->second, data.t[row]));
    }
    return steps;
}

std::string encode_dataset(const Dataset& data, const std::string& where) {
    const std::vector<std::size_t> rows = {data.samples}, table = {data.samples, static_cast<std::size_t>(data.dof)};
    std::map<std::string, Array> arrays = {{"q", {table, data.q}}, {"v", {table, data.v}}};
    if (!data.a.empty()) arrays["a"] = {table, data.a};
    if (!data.t.empty()) arrays["t"] = {rows, data.t};
    if (!data.trajectory.empty()) arrays["trajectory"] = {rows, {data.trajectory.begin(), data.trajectory.end()}};
    if (!data.trial.empty()) arrays["trial"] = {rows, {data.trial.begin(), data.trial.end()}};
    if (data.angles) {
        Array& flags = arrays["angles"] = {{table[1]}, {}};
        for (int i = 0; i < data.dof; ++i) flags.values.push_back(i < 32 ? *data.angles >> i & 1 : 0);
    }
    for (const auto& [key, array] : arrays) require_finite(array, fmt::format("{}: {}", where, key));
    return encode_npz(arrays, where);
}

void save_dataset(const std::filesystem::path& path, const Dataset& data, bool force) {
    check_target(path, force);
    write_file(path, encode_dataset(data, path.string()), force);
}

}  // namespace lnn

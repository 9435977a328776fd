// States and accelerations of a mechanical system, one sample a row: what a model learns from.
// .npz: q, v, a of shape (N, n), and where known t, trajectory, trial of shape (N) and angles of shape (n), 1 for a
// coordinate that is an angle. CSV: see dataset_csv.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace lnn {

class Lines;

struct Dataset {
    int dof = 0;
    std::size_t samples = 0;
    std::vector<double> q, v;              // (samples, dof)
    std::vector<double> a;                 // (samples, dof), or empty: not known
    std::vector<double> t;                 // (samples) s, or empty
    std::vector<std::int64_t> trajectory;  // (samples) which one a row is of, or empty
    std::vector<std::int64_t> trial;       // (samples) which motion it is of, where gaps part one into trajectories
    std::optional<std::uint32_t> angles;   // bit i: coordinate i is an angle; none: not known
};

struct LoadedDataset {
    Dataset data;
    std::vector<std::string> notes;  // what was left out, a line each
};

// .npz by its name or its first bytes, else CSV. Every value is finite, every shape agrees, or Exit::file.
LoadedDataset load_dataset(const std::filesystem::path& path);
LoadedDataset load_dataset(Lines& file);
LoadedDataset read_csv_dataset(Lines& text);  // as it stands, with velocities

// steps in time between successive rows of a trajectory, which may be mixed with those of others
std::vector<double> time_steps(const Dataset& data);

// .npz; `where` names it in errors
std::string encode_dataset(const Dataset& data, const std::string& where);
void save_dataset(const std::filesystem::path& path, const Dataset& data, bool force);

}  // namespace lnn

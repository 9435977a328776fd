// What training sees: samples of a finite set in shuffled order, or states drawn anew for every step.
// Each model has its own set, keyed by its seed; a slice of steps is the same whatever was asked before it.
#pragma once

#include <vector>

#include "files/dataset.hpp"
#include "lnn/backend.hpp"
#include "problem/problem.hpp"

namespace lnn {

// trajectories of the system from drawn starts: (trajectories x points) samples
Dataset trajectory_dataset(Backend&, const SystemSpec&, const DataSpec&, std::uint64_t seed);
// states drawn directly: `count` of them from index `first` on
Dataset drawn_dataset(Backend&, const SystemSpec&, const Draw&, std::int64_t first, std::int64_t count);

class TrainingData {
  public:
    // `seeds`: one a model, in place of its own; `given`: one set for all models, or empty to generate what it says
    TrainingData(Backend&, const Problem&, std::vector<std::uint64_t> seeds, std::vector<Dataset> given = {});

    std::int64_t samples() const { return samples_; }  // of a set; 0: drawn anew
    const std::vector<std::uint64_t>& seeds() const { return seeds_; }
    const std::vector<Dataset>& sets() const { return sets_; }

    // steps first .. first + count - 1 of Adam; the spans live until the next call
    TrainData slice(std::int64_t first, std::int64_t count);
    // samples first .. first + count - 1 of the stream that the steps take theirs from, side by side and without an
    // order: states (models, 2n, count). The spans live until the next call.
    TrainData gather(std::int64_t first, std::int64_t count);

    // standard deviation of each component of the accelerations in the file, or in data like those of the models
    std::vector<double> acceleration_scale() const;

  private:
    Backend& backend_;
    const Problem& problem_;
    std::vector<std::uint64_t> seeds_;
    std::int64_t samples_ = 0;
    std::vector<Dataset> sets_;
    std::vector<double> states_, accelerations_;  // (models, 2n, samples), (models, n, samples)
    std::vector<double> gathered_states_, gathered_accelerations_;
    std::vector<std::int32_t> order_;  // (models, steps, batch)
    struct Permutation {
        std::int64_t epoch = -1;
        std::vector<std::int32_t> order;
    };
    std::vector<Permutation> permutations_;

    void draw(std::int64_t first, std::int64_t samples);
    std::int32_t sample(int model, std::int64_t i);  // number i of the stream: its place in the set
    const std::vector<std::int32_t>& permutation(int model, std::int64_t epoch);
};

}  // namespace lnn

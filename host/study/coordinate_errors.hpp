// Is one coordinate predicted worse than the other? What many models, all on the same trajectories, say of it:
//
//   of one model in one trajectory     log10 (MSE of coordinate 2 / MSE of coordinate 1)
//   of a model                         its median over the trajectories
//   of a setting                       the median over its models, with interval and sign test over models
//   of a trajectory                    its median over the models; a sign test over trajectories
//
// Models are what chance makes anew, so the interval over models is the answer; trajectories of one model share its
// luck.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace lnn {

// squared errors of the first two coordinates, of the models that survived training
struct CoordinateErrors {
    std::int64_t trajectories = 0, failed = 0;
    std::vector<std::uint64_t> seeds;        // (models)
    std::array<std::vector<double>, 2> mse;  // (models, trajectories) each; may be infinite or NaN

    std::size_t models() const { return seeds.size(); }
    double median(int coordinate,
                  std::size_t model) const;  // over the trajectories; infinite where half are not finite
    double mean(int coordinate, std::size_t model) const;
    double median_log_ratio(std::size_t model) const;  // over trajectories with two finite, positive errors; NaN: none
};

// `displacement`: root mean square displacement of each coordinate, by which errors are compared a second time: a
// coordinate may be predicted worse just because it moves more
nlohmann::ordered_json coordinates_compared(const CoordinateErrors&, const std::array<std::string, 2>& names,
                                            const std::array<double, 2>& displacement);

// what a change of the setting does to the ratio, seed by seed
nlohmann::ordered_json settings_compared(const CoordinateErrors& before, const CoordinateErrors& after);

}  // namespace lnn

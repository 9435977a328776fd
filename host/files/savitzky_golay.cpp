#include "files/savitzky_golay.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace lnn {

namespace {

// weights[j] of the samples at t[j] in the derivative at t[at]
class Weights {
  public:
    Weights(SavitzkyGolay filter, int derivative)
        : derivative_(derivative), values_(filter.order + 1, std::vector<double>(filter.window)) {}

    const std::vector<double>& operator()(std::span<const double> t, std::size_t at) {
        // instants from t[at] on, in units of the reach of the window
        const double reach = std::max(t.back() - t[at], t[at] - t.front());
        weights_.assign(t.size(), 0.0);
        for (std::size_t m = 0; m < values_.size(); ++m) {
            // P_m begins as a monomial, whose derivative at 0 is known, and is made orthonormal to those before it:
            // modified Gram-Schmidt, of values and derivative alike
            std::vector<double>& values = values_[m];
            for (std::size_t j = 0; j < t.size(); ++j) values[j] = std::pow((t[j] - t[at]) / reach, double(m));
            double slope = int(m) == derivative_ ? std::tgamma(derivative_ + 1.0) : 0.0;
            for (std::size_t l = 0; l < m; ++l) {
                const double share = product(values, values_[l]);
                for (std::size_t j = 0; j < t.size(); ++j) values[j] -= share * values_[l][j];
                slope -= share * slopes_[l];
            }
            const double size = std::sqrt(product(values, values));
            for (double& value : values) value /= size;
            slopes_[m] = slope / size;
            for (std::size_t j = 0; j < t.size(); ++j) weights_[j] += slopes_[m] * values[j];
        }
        for (double& weight : weights_) weight /= std::pow(reach, derivative_);
        return weights_;
    }

  private:
    int derivative_;
    std::vector<std::vector<double>> values_;                           // (order + 1, window) P_m(t_j)
    std::vector<double> slopes_ = std::vector<double>(values_.size());  // P_m^(k)(t_i)
    std::vector<double> weights_;

    static double product(const std::vector<double>& x, const std::vector<double>& y) {
        double sum = 0;
        for (std::size_t j = 0; j < x.size(); ++j) sum += x[j] * y[j];
        return sum;
    }
};

}  // namespace

void differentiate(std::span<const double> t, std::span<const double> x, SavitzkyGolay filter, int derivative,
                   std::span<double> out) {
    const std::size_t samples = t.size(), columns = x.size() / samples, window = std::size_t(filter.window);
    Weights weights_of(filter, derivative);
    for (std::size_t i = 0; i < samples; ++i) {
        const std::size_t before = std::min(i, window / 2), first = std::min(i - before, samples - window);
        const std::vector<double>& weights = weights_of(t.subspan(first, window), i - first);
        for (std::size_t c = 0; c < columns; ++c) {
            double sum = 0;
            for (std::size_t j = 0; j < window; ++j) sum += weights[j] * x[(first + j) * columns + c];
            out[i * columns + c] = sum;
        }
    }
}

}  // namespace lnn

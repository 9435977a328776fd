#include "files/savitzky_golay.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "lnn/random.hpp"

namespace lnn {
namespace {

using Numbers = std::vector<double>;

// instants of steps between 0.5 and 1.5 times h
Numbers uneven(std::size_t count, double h) {
    Numbers t(count, 3.0);
    for (std::size_t i = 1; i < count; ++i) t[i] = t[i - 1] + h * (1 + 0.5 * std::sin(double(i * i)));
    return t;
}

Numbers derivative_of(const Numbers& t, const Numbers& x, SavitzkyGolay filter, int derivative) {
    Numbers out(x.size());
    differentiate(t, x, filter, derivative, out);
    return out;
}

TEST(SavitzkyGolay, ExactForPolynomialsUpToItsOrder) {
    const Numbers t = uneven(40, 0.1);
    for (const int window : {5, 8, 9})
        for (int order = 2; order < window && order <= 5; ++order)
            for (int power = 0; power <= order + 1; ++power) {
                Numbers x, first, second;
                for (const double at : t) {
                    const double s = at - 4;
                    x.push_back(std::pow(s, power));
                    first.push_back(power < 1 ? 0 : power * std::pow(s, power - 1));
                    second.push_back(power < 2 ? 0 : power * (power - 1) * std::pow(s, power - 2));
                }
                for (int derivative : {1, 2}) {
                    const Numbers got = derivative_of(t, x, {window, order}, derivative);
                    double worst = 0;  // over all samples, the ends among them
                    for (std::size_t i = 0; i < t.size(); ++i)
                        worst = std::max(worst, std::abs(got[i] - (derivative == 1 ? first : second)[i]));
                    // rounding of |x| <= 3^5, in weights of up to 1 / h^2 times some tens
                    if (power <= order) {
                        EXPECT_LT(worst, 1e-7) << window << ' ' << order << ' ' << power << ' ' << derivative;
                    } else {  // one power higher is no longer exact
                        EXPECT_GT(worst, 1e-4) << window << ' ' << order << ' ' << power << ' ' << derivative;
                    }
                }
            }
}

// the largest error over a window at the start, in the middle or at the end of a segment of a sine
double error_on_sine(std::size_t steps, SavitzkyGolay filter, int derivative, int where) {
    Numbers t, x;
    for (std::size_t i = 0; i <= steps; ++i) {
        t.push_back(2.0 * double(i) / double(steps));
        x.push_back(std::sin(3 * t.back() + 1.1));
    }
    const Numbers got = derivative_of(t, x, filter, derivative);
    const std::size_t first = where == 0 ? 0 : where == 1 ? steps / 2 : steps - 2;
    double worst = 0;
    for (std::size_t i = first; i <= first + 2; ++i) {
        const double phase = 3 * t[i] + 1.1;
        worst = std::max(worst, std::abs(got[i] - (derivative == 1 ? 3 * std::cos(phase) : -9 * std::sin(phase))));
    }
    return worst;
}

TEST(SavitzkyGolay, OrderOfConvergenceOnASine) {
    for (const int derivative : {1, 2})
        for (const int where : {0, 1, 2}) {
            const double coarse = error_on_sine(200, {9, 3}, derivative, where),
                         fine = error_on_sine(400, {9, 3}, derivative, where);
            // h^(order + 1 - derivative); where the window is centred, odd terms cancel: one power more for the first
            const double power = 4 - derivative + (where == 1 && derivative == 1 ? 1 : 0);
            EXPECT_NEAR(std::log2(coarse / fine), power, 0.3) << derivative << ' ' << where;
        }
}

TEST(SavitzkyGolay, ColumnsAreApart) {
    const Numbers t = uneven(12, 0.1);
    Numbers x, y, both;
    for (const double at : t) {
        x.push_back(std::exp(at));
        y.push_back(1 / at);
        both.insert(both.end(), {x.back(), y.back()});
    }
    const Numbers dx = derivative_of(t, x, {}, 1), dy = derivative_of(t, y, {}, 1), d = derivative_of(t, both, {}, 1);
    for (std::size_t i = 0; i < t.size(); ++i) {
        EXPECT_EQ(d[2 * i], dx[i]);
        EXPECT_EQ(d[2 * i + 1], dy[i]);
    }
}

// why 11 and 4: on a motion as a camera of 100 Hz sees it, with noise of 1e-3, it is within a factor of 2.5 of the best
// choice in each of the three derivatives that are taken, and no narrower window is, which would leave more samples
// between gaps
TEST(SavitzkyGolay, DefaultsSuitAKnownMotion) {
    Numbers t, q, v, a;
    for (std::size_t i = 0; i < 400; ++i) {
        const double s = double(i) / 100;
        t.push_back(s);
        // about the two modes of a double pendulum with rods of 0.2 m
        q.push_back(std::sin(6 * s) + 0.5 * std::sin(18 * s + 1));
        v.push_back(6 * std::cos(6 * s) + 9 * std::cos(18 * s + 1));
        a.push_back(-36 * std::sin(6 * s) - 162 * std::sin(18 * s + 1));
    }
    const auto noisy = [](Numbers x, double size, std::uint64_t seed) {
        for (std::size_t i = 0; i < x.size(); ++i)  // uniform, of this standard deviation
            x[i] += size * std::sqrt(12.0) * (uniform(seed, Stream::shuffle, i, 0) - 0.5);
        return x;
    };
    const Numbers measured_q = noisy(q, 1e-3, 1), measured_v = noisy(v, 1e-2, 2);
    struct Losses {
        double values[3];
    };
    const auto losses = [&](SavitzkyGolay filter) {
        const auto rms = [&](const Numbers& x, const Numbers& truth, int derivative) {
            const Numbers got = derivative_of(t, x, filter, derivative);
            double sum = 0;
            for (std::size_t i = 0; i < t.size(); ++i) sum += (got[i] - truth[i]) * (got[i] - truth[i]);
            return std::sqrt(sum / double(t.size()));
        };
        return Losses{{rms(measured_q, v, 1), rms(measured_q, a, 2), rms(measured_v, a, 1)}};
    };
    std::vector<std::pair<SavitzkyGolay, Losses>> choices;
    for (const int window : {5, 7, 9, 11, 13, 15, 21})
        for (const int order : {2, 3, 4, 5})
            if (order < window) choices.push_back({{window, order}, losses({window, order})});
    double least[3] = {INFINITY, INFINITY, INFINITY};
    for (const auto& [filter, loss] : choices)
        for (int k = 0; k < 3; ++k) least[k] = std::min(least[k], loss.values[k]);
    const auto worst_ratio = [&](const Losses& loss) {
        double worst = 0;
        for (int k = 0; k < 3; ++k) worst = std::max(worst, loss.values[k] / least[k]);
        return worst;
    };
    EXPECT_LT(worst_ratio(losses({})), 2.5);
    for (const auto& [filter, loss] : choices)
        if (filter.window < SavitzkyGolay().window) {
            EXPECT_GT(worst_ratio(loss), 2.5) << filter.window << ' ' << filter.order;
        }
}

}  // namespace
}  // namespace lnn

// A Lagrangian as text: what it means, which mistakes are shown where, and that the systems of the catalogue obey what they
// say.
#include "settings/lagrangian_text.hpp"

#include <cmath>
#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "lnn/backend.hpp"
#include "lnn/error.hpp"
#include "lnn/systems/text.hpp"
#include "settings/text_system.hpp"

namespace lnn {
namespace {

using Names = std::vector<std::string>;
using Numbers = std::vector<double>;
using D = Dual<double, 4>;

// of x and y, at (q, v)
D run(const std::string& text, const Numbers& x, const std::map<std::string, double>& parameters = {}) {
    const Program program = lagrangian_program(text + " + 0*vx", {"x", "y"}, parameters);
    return run_program<D>(program, x.data(), x.data() + 2, 2);
}

struct Meaning {
    const char* text;
    std::function<double(double, double, double, double)> value;  // of x, y, vx, vy
};
const std::vector<Meaning> meanings = {
    {"m/2*(vx^2 + vy^2) - k/2*(x^2 + y^2)",
     [](double x, double y, double u, double v) { return 1.5 / 2 * (u * u + v * v) - 4.0 / 2 * (x * x + y * y); }},
    {"1^x*vx*vy", [](double, double, double u, double v) { return u * v; }},
    {"vx*vy - -x^2 + vx", [](double x, double, double u, double v) { return u * v + x * x + u; }},
    {"2^x^y*vx*vy", [](double x, double y, double u, double v) { return std::pow(2, std::pow(x, y)) * u * v; }},
    {"x^-2 + vx/y/2 + vy", [](double x, double y, double u, double v) { return 1 / (x * x) + u / y / 2 + v; }},
    {"3 - (x - 2)*(1 - vx)/vy", [](double x, double, double u, double v) { return 3 - (x - 2) * (1 - u) / v; }},
    {"sin(x)*vx + cos(y)*vy", [](double x, double y, double u, double v) { return std::sin(x) * u + std::cos(y) * v; }},
    {"tan(x) + vx + vy", [](double x, double, double u, double v) { return std::tan(x) + u + v; }},
    {"asin(x/3) + acos(y/4) + vx*vy",
     [](double x, double y, double u, double v) { return std::asin(x / 3) + std::acos(y / 4) + u * v; }},
    {"atan(5*x*vx) - atan(vy/7)",
     [](double x, double, double u, double v) { return std::atan(5 * x * u) - std::atan(v / 7); }},
    {"exp(-x*vx)/log(y + 3) + vy",
     [](double x, double y, double u, double v) { return std::exp(-x * u) / std::log(y + 3) + v; }},
    {"sqrt(x + vx^2)*tanh(vy)",
     [](double x, double, double u, double v) { return std::sqrt(x + u * u) * std::tanh(v); }},
    {"abs(vx - 9) + pi*vy + 1e-1*vx + .5*x",
     [](double x, double, double u, double v) {
         return std::fabs(u - 9) + 3.14159265358979323846 * v + 0.1 * u + 0.5 * x;
     }},
    {"(x + vx)^1.5 + vy^3", [](double x, double, double u, double v) { return std::pow(x + u, 1.5) + v * v * v; }},
};

TEST(LagrangianText, MeansWhatItSays) {
    const Numbers at = {0.7, 1.3, 0.4, 1.1};
    for (const Meaning& one : meanings) {
        const D found = run(one.text, at, {{"m", 1.5}, {"k", 4}});
        const auto value = [&](Numbers x) { return one.value(x[0], x[1], x[2], x[3]); };
        EXPECT_NEAR(found.value, value(at), 1e-13 * (1 + std::fabs(found.value))) << one.text;
        for (int i = 0; i < 4; ++i) {
            const double h = 1e-4;
            auto up = at, down = at;
            up[i] += h, down[i] -= h;
            EXPECT_NEAR(found.first[i], (value(up) - value(down)) / (2 * h), 1e-6) << one.text << ", " << i;
            for (int j = 0; j <= i; ++j) {
                auto corner = [&](double a, double b) {
                    auto x = at;
                    x[i] += a, x[j] += b;
                    return value(x);
                };
                const double second = (corner(h, h) - corner(h, -h) - corner(-h, h) + corner(-h, -h)) / (4 * h * h);
                EXPECT_NEAR(found.second[packed(i, j)], second, 1e-5 * (1 + std::fabs(second))) << one.text;
            }
        }
    }
}

TEST(LagrangianText, IsComputedOnce) {
    const Names names = {"theta1", "theta2"};
    const auto size = [&](const std::string& text) { return lagrangian_program(text, names, {{"a", 2}}).size; };
    EXPECT_EQ(size("v1*v2"), 3);
    EXPECT_EQ(size("v1*v2 + v1*v2 - vtheta1*vtheta2"), 5);
    EXPECT_EQ(size("sin(a)^2*v1*v2"), 4);  // a constant, v1, its product, v2, ...
    EXPECT_EQ(size("a*(2*v1)*v2"), 4);
}

struct Mistake {
    const char *text, *said;
    int column;  // of the caret, from 0
};
const std::vector<Mistake> mistakes = {
    {"", "missing", 0},
    {"vx*vy +", "missing at the end", 7},
    {"vx*vy + * x", "missing before '*'", 8},
    {"vx*vy + (x", "not closed", 8},
    {"vx*vy) + x", "closes nothing", 5},
    {"vx*vy + 2x", "operator is missing", 9},
    {"vx*vy + x y", "operator is missing", 10},
    {"vx*vy + $", "'$' has no meaning", 8},
    {"vx*vy + z", "z is neither", 8},
    {"vx*vy + gravty*x", "did you mean 'gravity'", 8},
    {"vx*vy + sin x", "sin is a function", 8},
    {"vx*vy + sine(x)", "did you mean 'sin'", 8},
    {"vx*vy + sin(x, y)", "one value", 13},
    {"vx*vy + sin(x", "parenthesis of sin", 8},
    {"vx*vy + x**2", "x^2", 9},
    {"vx*vy + x/0", "division by 0", 9},
    {"vx*vy + 1.2.3*x", "not a number", 11},
    {"vx*vy + log(-1)*x", "not a finite number", 8},
    {"vx*vy + (0-2)^x", "power", 8},
    {"vx*vy + t*x", "time", 8},
    {"3 + 4", "no coordinate", 0},
    {"x*y + vx", "velocity of y", 0},
    {"vx*vy +\n  x*zz", "zz is neither", 4},
};

TEST(LagrangianText, MistakesHaveACaret) {
    for (const Mistake& one : mistakes) {
        try {
            lagrangian_program(one.text, {"x", "y"}, {{"gravity", 1}});
            ADD_FAILURE() << one.text;
        } catch (const Error& error) {
            const std::string said = error.what();
            EXPECT_EQ(error.exit(), Exit::usage);
            EXPECT_NE(said.find(one.said), said.npos) << said;
            EXPECT_EQ(error.caret(), std::size_t(one.column)) << said;
            EXPECT_FALSE(error.text().empty());
        }
    }
    EXPECT_THROW(lagrangian_program("v1^2 + vy1", {"x1", "y1"}, {}), Error);  // v1 of both
}

TEST(LagrangianText, HasLimits) {
    std::string many = "vx*vy", nested(300, '('), wide;
    for (int i = 0; i < 300; ++i) many += " + sin(x + " + std::to_string(i + 1) + ")";
    for (int i = 1; i < 40; ++i) wide += "sin(" + std::to_string(i % 7 + 1) + "*x + y^" + std::to_string(i + 1) + ")*(";
    wide += "vx*vy" + std::string(39, ')');
    std::string minus(100000, '-'), powers = "vx*vy + x";
    for (int i = 0; i < 100000; ++i) powers += "^x";
    std::string endless = "vx*vy";
    for (int i = 0; i < 50000; ++i) endless += "+x^" + std::to_string(i + 2);
    EXPECT_THROW(lagrangian_program(endless, {"x", "y"}, {}), Error);
    for (const std::string& text : {minus + "vx*vy", powers, many, nested + "vx*vy" + std::string(300, ')'), wide})
        EXPECT_THROW(lagrangian_program(text, {"x", "y"}, {}), Error);
}

// the double pendulum as text and compiled
TEST(TextSystems, AgreeWithThoseCompiled) {
    Config::System text;
    text.kind = "text";
    text.coordinates = text.angles = {"theta1", "theta2"};
    text.parameters = {{"m1", {1.2}}, {"m2", {0.7}}, {"l1", {0.9}}, {"l2", {1.4}}, {"g", {9.8}}};
    text.lagrangian =
        "(m1 + m2)/2*l1^2*v1^2 + m2/2*l2^2*v2^2 + m2*l1*l2*v1*v2*cos(theta1 - theta2) "
        "+ (m1 + m2)*g*l1*cos(theta1) + m2*g*l2*cos(theta2)";
    Config::System compiled;
    compiled.parameters = {{"m", {1.2, 0.7}}, {"l", {0.9, 1.4}}, {"g", {9.8}}};
    check_text_system(text);
    const auto backend = make_cpu_backend({.threads = 1});
    constexpr int samples = 101;
    Numbers states(4 * samples);
    for (std::size_t i = 0; i < states.size(); ++i) states[i] = 3 * std::sin(1.7 * double(i));
    Numbers a[2], e[2], path[2];
    for (const auto& [chosen, at] : {std::pair{text, 0}, {compiled, 1}}) {
        a[at].resize(2 * samples), e[at].resize(samples), path[at].resize(101 * states.size());
        backend->accelerate(system_spec(chosen), states, a[at], e[at]);
        backend->rollout(system_spec(chosen), {.dt = 0.01, .instants = 100}, states, path[at]);
    }
    for (std::size_t i = 0; i < a[0].size(); ++i) EXPECT_NEAR(a[0][i], a[1][i], 1e-12 * (1 + std::fabs(a[1][i])));
    for (std::size_t i = 0; i < e[0].size(); ++i) EXPECT_NEAR(e[0][i], e[1][i], 1e-12 * (1 + std::fabs(e[1][i])));
    for (std::size_t i = 0; i < path[0].size(); ++i)
        EXPECT_NEAR(path[0][i], path[1][i], 1e-9 * (1 + std::fabs(path[1][i]))) << i;
}

// every system of the catalogue that is text is whole, and keeps its energy
TEST(TextSystems, OfTheCatalogueKeepTheirEnergy) {
    const auto backend = make_cpu_backend({.threads = 1});
    int seen = 0;
    for (const SystemInfo& info : systems()) {
        if (info.lagrangian.empty()) continue;
        SCOPED_TRACE(info.name);
        ++seen;
        EXPECT_FALSE(info.summary.empty());
        EXPECT_EQ(info.coordinates.size(), std::size_t(info.dof));
        for (const ParameterInfo& parameter : info.parameters) {
            EXPECT_FALSE(parameter.unit.empty() || parameter.meaning.empty());
            EXPECT_GT(parameter.defaults.at(0), 0);
        }
        Config::System chosen;
        chosen.kind = info.name;
        const SystemSpec spec = system_spec(chosen);
        Numbers x(2 * info.dof);
        for (int i = 0; i < info.dof; ++i) {
            x[i] = 1.5 + 0.35 * i * (i % 2 ? -1 : 1);
            x[info.dof + i] = 0.3 - 0.2 * i;
        }
        Numbers path(2 * x.size()), before(1), after(1), a(info.dof);
        backend->rollout(spec, {.dt = 1.0, .substeps = 8000, .instants = 1}, x, path);
        backend->accelerate(spec, x, a, before);
        backend->accelerate(spec, std::span(path).last(x.size()), a, after);
        EXPECT_NEAR(after[0], before[0], 1e-9 * (1 + std::fabs(before[0])));
        double moved = 0;
        for (std::size_t i = 0; i < x.size(); ++i) moved += std::fabs(path[x.size() + i] - x[i]);
        EXPECT_GT(moved, 0.1);
    }
    EXPECT_GE(seen, 10);
}

// equations of motion derived by hand
TEST(TextSystems, AreTheOnesTheySay) {
    const auto backend = make_cpu_backend({.threads = 1});
    const auto a = [&](const char* kind, const Numbers& x) {
        Config::System chosen;
        chosen.kind = kind;
        Numbers found(x.size() / 2);
        backend->accelerate(system_spec(chosen), x, found, {});
        return found;
    };
    const auto near = [](const Numbers& found, const Numbers& expected) {
        ASSERT_EQ(found.size(), expected.size());
        for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-12) << i;
    };
    const double r = 1.3, vr = 0.2, w = 0.7;
    near(a("kepler", {r, 0.4, vr, w}), {r * w * w - 1 / (r * r), -2 * vr * w / r});
    const double cube = std::pow(0.6 * 0.6 + 0.8 * 0.8, 1.5);
    near(a("kepler_cartesian", {0.6, 0.8, 1, 2}), {-0.6 / cube, -0.8 / cube});
    near(a("two_bodies", {0, 0, 2, 0, 0, 0, 0, 0}), {0.25, 0, -0.25, 0});
    near(a("coupled_oscillators", {0.5, -1, 0, 0}), {-0.5 - 0.5 * 1.5, 1 + 0.5 * 1.5});
    near(a("henon_heiles", {0.3, 0.2, 0, 0}), {-0.3 - 2 * 0.3 * 0.2, -0.2 - 0.3 * 0.3 + 0.2 * 0.2});
    near(a("magnetic_field", {0.3, 0.2, 0.5, -0.7}), {-0.7, -0.5});
    near(a("relativistic_particle", {0, 1}), {std::pow(1 - 1.0 / 400, 1.5)});
    const double s = std::sin(0.4), c = std::cos(0.4), M = 1, m = 0.1, l = 0.5, g = 9.8, v = 0.9;
    const double cart = (m * l * s * v * v - m * g * s * c) / (M + m * s * s);
    near(a("cart_pole", {0, 0.4, 0.3, v}), {cart, (g * s - cart * c) / l});
    // hanging at rest, the uppermost link moved: a chain of three at small angles
    near(a("chain_pendulum_3", {0, 0, 0, 0, 0, 0}), {0, 0, 0});
    near(a("chain_pendulum_5", {M_PI / 2, M_PI / 2, M_PI / 2, M_PI / 2, M_PI / 2, 0, 0, 0, 0, 0}), {-9.8, 0, 0, 0, 0});
    near(a("planar_arm_2", {0.3, 0.5, 0, 0}), {0, 0});
}

TEST(TextSystems, SettingsAreChecked) {
    const auto refused = [](const Config::System& chosen, const char* said) {
        try {
            check_text_system(chosen);
            ADD_FAILURE() << said;
        } catch (const Error& error) {
            EXPECT_NE(std::string(error.what()).find(said), std::string::npos) << error.what();
        }
    };
    Config::System good;
    good.kind = "text";
    good.lagrangian = "vx^2 - k*x^2";
    good.coordinates = {"x"};
    good.parameters = {{"k", {2}}};
    EXPECT_NO_THROW(check_text_system(good));
    auto wrong = good;
    wrong.kind = "pendulum";
    refused(wrong, "system.kind");
    wrong = good;
    wrong.coordinates.clear();
    refused(wrong, "needs system.coordinates");
    wrong = good;
    wrong.coordinates = {"x", "x"};
    refused(wrong, "twice");
    wrong = good;
    wrong.coordinates = {"2x"};
    refused(wrong, "cannot be a name");
    wrong = good;
    wrong.angles = {"y"};
    refused(wrong, "system.angles");
    wrong = good;
    wrong.parameters["vx"] = {1};
    refused(wrong, "twice");
    wrong = good;
    wrong.parameters = {{"sin", {1}}};
    refused(wrong, "cannot be a name");
}

}  // namespace
}  // namespace lnn

// What many models say of two coordinates, on errors whose answer is known.
#include "study/coordinate_errors.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "study/page.hpp"

namespace lnn {
namespace {

using Json = nlohmann::ordered_json;

constexpr double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
const std::array<std::string, 2> names = {"theta1", "theta2"};

// model m has ratio factor * 1.1^m, whatever the trajectory, in which the first error is 10^-k
CoordinateErrors errors(int models, int trajectories, double factor) {
    CoordinateErrors e;
    e.trajectories = trajectories;
    for (int m = 0; m < models; ++m) {
        e.seeds.push_back(100 + m);
        for (int k = 0; k < trajectories; ++k) {
            e.mse[0].push_back(std::pow(10.0, -k));
            e.mse[1].push_back(std::pow(10.0, -k) * factor * std::pow(1.1, m));
        }
    }
    return e;
}

TEST(CoordinateErrors, RatioIsTheMedianOverModels) {
    const Json r = coordinates_compared(errors(11, 5, 2.0), names, {1, 1})["ratio"];
    EXPECT_NEAR(r["over_models"]["median"], 2.0 * std::pow(1.1, 5), 1e-12);
    EXPECT_EQ(r["over_models"]["models"], 11);
    EXPECT_EQ(r["over_models"]["above_one"], 11);
    EXPECT_NEAR(r["over_models"]["p_value"], std::pow(0.5, 10), 1e-12);
    EXPECT_EQ(r["over_trajectories"]["trajectories"], 5);
    EXPECT_NEAR(r["over_trajectories"]["median"], 2.0 * std::pow(1.1, 5), 1e-12);
    EXPECT_GT(r["over_models"]["ci95_median"][0], 2.0);
    EXPECT_LT(r["over_models"]["ci95_median"][1], 2.0 * std::pow(1.1, 10));
}

TEST(CoordinateErrors, MediansOfEachCoordinateAreOverTrajectoriesThenModels) {
    const Json mse = coordinates_compared(errors(3, 5, 4.0), names, {1, 1})["mse"];
    EXPECT_NEAR(mse["theta1"]["median_over_models"], 1e-2, 1e-15);
    EXPECT_NEAR(mse["theta2"]["median_over_models"], 4.4e-2, 1e-14);
    EXPECT_NEAR(mse["theta2"]["lowest_mean"], 4 * 1.1111 / 5, 1e-12);
    EXPECT_NEAR(mse["theta2"]["highest_mean"], 4 * 1.21 * 1.1111 / 5, 1e-12);
}

TEST(CoordinateErrors, InUnitsOfMotionIsDividedByItsSquare) {
    const Json r = coordinates_compared(errors(3, 5, 8.0), names, {0.5, 1.5});
    EXPECT_NEAR(r["ratio_to_motion"]["over_models"]["median"], 8.0 * 1.1 / 9, 1e-12);
    EXPECT_NEAR(r["ratio_to_motion"]["over_trajectories"]["median"], 8.0 * 1.1 / 9, 1e-12);
}

TEST(CoordinateErrors, WhatIsNotFiniteIsLeftOutOfRatiosOnly) {
    CoordinateErrors e = errors(3, 5, 2.0);
    e.mse[0][0] = inf, e.mse[1][1] = nan, e.mse[1][2] = 0;  // of the first model
    EXPECT_NEAR(e.median_log_ratio(0), std::log10(2.0), 1e-12);
    EXPECT_EQ(e.mean(0, 0), inf);
    for (int k = 0; k < 5; ++k) e.mse[0][5 + k] = nan;  // all of the second
    EXPECT_TRUE(std::isnan(e.median_log_ratio(1)));
    EXPECT_EQ(e.median(0, 1), inf);
    const Json r = coordinates_compared(e, names, {1, 1});
    EXPECT_EQ(r["ratio"]["over_models"]["models"], 2);
    EXPECT_EQ(r["ratio"]["over_trajectories"]["trajectories"], 5);
    EXPECT_TRUE(r["mse"]["theta1"]["highest_mean"].is_null());
}

TEST(CoordinateErrors, TheMedianOfAnEvenNumberIsInfiniteWhereHalfAreNotFinite) {
    CoordinateErrors e = errors(3, 4, 2.0);  // models of 1, 2 and 3 errors that are not finite
    for (int m = 0; m < 3; ++m)
        for (int k = 0; k <= m; ++k) e.mse[0][4 * m + k] = k % 2 ? inf : nan;
    EXPECT_NEAR(e.median(0, 0), 0.055, 1e-15);
    EXPECT_EQ(e.median(0, 1), inf);
    EXPECT_EQ(e.median(0, 2), inf);
}

TEST(CoordinateErrors, NoModelsAreNoNumbers) {
    CoordinateErrors e = errors(0, 5, 2.0);
    e.failed = 4;
    EXPECT_EQ(coordinates_compared(e, names, {1, 1}), (Json{{"models", 0}, {"failed", 4}}));
}

TEST(CoordinateErrors, SettingsAreComparedSeedBySeed) {
    CoordinateErrors before = errors(5, 5, 2.0), after = errors(5, 5, 6.0);
    after.seeds = {101, 102, 103, 104, 999};  // model 0 is seed 101, which has ratio 6 now and 2.2 before
    const Json r = settings_compared(before, after);
    EXPECT_EQ(r["models"], 4);
    EXPECT_NEAR(r["median"], 6.0 / 2.2, 1e-12);
}

Json study_of(const CoordinateErrors& e) {
    Json setting = {{"title", "a setting"}};
    setting.update(coordinates_compared(e, names, {1, 1}));
    return {{"coordinates", names}, {"settings", {setting}}, {"effect_of_balance", Json::array()}};
}

TEST(StudyAnswer, SaysWhichCoordinateIsWorse) {
    EXPECT_NE(study_answer(study_of(errors(11, 5, 2.0))).find("theta2 is predicted worse: its squared error"),
              std::string::npos);
    EXPECT_NE(study_answer(study_of(errors(11, 5, 0.2))).find("theta1 is predicted worse: its squared error"),
              std::string::npos);
    EXPECT_NE(study_answer(study_of(errors(11, 5, 0.62))).find("no preference can be told from chance: its"),
              std::string::npos);
}

TEST(StudyAnswer, FewModelsProveNothing) {
    EXPECT_NE(study_answer(study_of(errors(4, 5, 2.0))).find("no preference can be told from chance: its"),
              std::string::npos);
}

TEST(StudyAnswer, SaysWhereNoModelIsLeft) {
    EXPECT_EQ(study_answer(study_of(errors(0, 5, 2.0))), "a setting: no model with a finite error.\n");
}

}  // namespace
}  // namespace lnn

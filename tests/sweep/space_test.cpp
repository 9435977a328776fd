// What a sweep varies: the grammar, and what random points are drawn from.
#include "sweep/space.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include "lnn/error.hpp"
#include "settings/write.hpp"

namespace lnn {
namespace {

using Words = std::vector<std::string>;

TEST(Space, ChoicesArePartedOutsideOfBracketsAndQuotes) {
    const auto space =
        parse_space("train.lr=1e-2, 1e-3 ; model.hidden=[16,16],[64, 64]; model.inputs=\"raw\",sincos", "--grid");
    ASSERT_EQ(space.size(), 3u);
    EXPECT_EQ(space[0].key, "train.lr");
    EXPECT_EQ(space[0].choices, (Words{"1e-2", "1e-3"}));
    EXPECT_EQ(space[1].choices, (Words{"[16,16]", "[64, 64]"}));
    EXPECT_EQ(space[2].choices, (Words{"\"raw\"", "sincos"}));
    EXPECT_TRUE(parse_space("  ", "--grid").empty());
}

TEST(Space, AQuoteMayBeEscaped) {
    EXPECT_EQ(parse_space(R"(model.inputs="a\",b",c)", "--grid")[0].choices, (Words{R"("a\",b")", "c"}));
    EXPECT_EQ(parse_space(R"(model.inputs="a\\",b)", "--grid")[0].choices, (Words{R"("a\\")", "b"}));
}

TEST(Space, FilesBecomeAbsoluteAndAllElseStays) {
    const std::string here = std::filesystem::current_path().string() + "/";
    const std::string text =
        R"(train.lr=1e-2,1e-3; data.source=file:a.npz,box,'file:b,c.npz',"file:d\".npz",file:/e.npz; train.lt)";
    const std::string absolute = with_absolute_files(text);
    EXPECT_EQ(absolute, fmt::format(R"(train.lr=1e-2,1e-3; data.source="file:{0}a.npz",box,"file:{0}b,c.npz",)"
                                    R"("file:{0}d\".npz",file:/e.npz; train.lt)",
                                    here));
    EXPECT_EQ(with_absolute_files(absolute), absolute);
    EXPECT_EQ(with_absolute_files(""), "");
}

TEST(Space, AFileKeepsItsNameThroughTheText) {
    for (const char* name : {"a b.npz", "a,b;c.npz", "a\"b.npz", "it's [1.npz", "a\\b.npz"}) {
        const std::string text = with_absolute_files("data.source=box," + toml_string(std::string("file:") + name));
        const std::vector<Dimension> space = parse_space(text, "--grid");
        ASSERT_EQ(space.size(), 1u) << name;
        ASSERT_EQ(space[0].choices.size(), 2u) << name;
        EXPECT_EQ(string_value({"data.source", space[0].choices[1], "test"}),
                  fmt::format("file:{}/{}", std::filesystem::current_path().string(), name));
    }
}

TEST(Space, WhatIsNoDimensionIsRefused) {
    for (const char* text :
         {"train.lr", "=1", "train.lr=", "train.lr=1; train.lr=2", "run.seed=1,2", "sweep.random=3", "train.lr=log(1)",
          "train.lr=log(0,1)", "train.lr=log(2,1)", "train.lr=uniform(a,b)", "model.hidden=layers(2:4)",
          "model.hidden=layers(1:9,4:8)", "model.hidden=layers(1:900000000,4:8)", "train.lr=log(1e-3,inf)"})
        EXPECT_THROW(parse_space(text, "--space"), Error) << text;
    EXPECT_THROW(parse_space("train.lr=log(1e-3,1)", "--grid"), Error);
}

std::vector<double> draws(const std::string& text, int points) {
    const Dimension d = parse_space(text, "--space")[0];
    std::vector<double> all;
    for (int k = 0; k < points; ++k) all.push_back(std::stod(draw_value(d, 7, k)));
    return all;
}

TEST(Space, LogIsUniformInTheLogarithm) {
    const auto all = draws("train.lr=log(1e-4,1e-2)", 4000);
    EXPECT_GE(*std::min_element(all.begin(), all.end()), 1e-4);
    EXPECT_LE(*std::max_element(all.begin(), all.end()), 1e-2);
    const double below = double(std::count_if(all.begin(), all.end(), [](double x) { return x < 1e-3; })) / 4000;
    EXPECT_NEAR(below, 0.5, 0.03);  // four standard deviations
}

TEST(Space, UniformIsUniform) {
    const auto all = draws("train.clip=uniform(2,6)", 4000);
    double sum = 0;
    for (const double x : all) {
        EXPECT_GE(x, 2);
        EXPECT_LE(x, 6);
        sum += x;
    }
    EXPECT_NEAR(sum / 4000, 4, 0.08);
}

TEST(Space, IntegersReachBothEnds) {
    const auto all = draws("train.batch=int(4,6)", 300);
    EXPECT_EQ(std::set<double>(all.begin(), all.end()), (std::set<double>{4, 5, 6}));
}

TEST(Space, LayersAreOfOneWidth) {
    const Dimension d = parse_space("model.hidden=layers(2:4,16:128)", "--space")[0];
    std::set<std::size_t> depths;
    for (int k = 0; k < 300; ++k) {
        std::string text = draw_value(d, 7, k);
        std::replace(text.begin(), text.end(), ',', ' ');
        std::istringstream list(text.substr(1, text.size() - 2));
        std::vector<int> widths;
        for (int w; list >> w;) widths.push_back(w);
        depths.insert(widths.size());
        for (const int w : widths) {
            EXPECT_EQ(w, widths[0]);
            EXPECT_GE(w, 16);
            EXPECT_LE(w, 128);
        }
    }
    EXPECT_EQ(depths, (std::set<std::size_t>{2, 3, 4}));
}

TEST(Space, APointDependsOnKeySeedAndNumberAlone) {
    const auto lone = parse_space("train.lr=log(1e-4,1e-2)", "--space"),
               both = parse_space("train.batch=int(4,128); train.lr=log(1e-4,1e-2)", "--space");
    EXPECT_EQ(draw_value(lone[0], 1, 5), draw_value(both[1], 1, 5));
    EXPECT_NE(draw_value(lone[0], 1, 5), draw_value(lone[0], 2, 5));
    EXPECT_NE(draw_value(lone[0], 1, 5), draw_value(lone[0], 1, 6));
}

}  // namespace
}  // namespace lnn

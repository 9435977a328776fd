#include "files/json_depth.hpp"

#include <gtest/gtest.h>

#include <string>

namespace lnn {
namespace {

TEST(JsonDepth, CountsWhatIsOpen) {
    EXPECT_TRUE(json_depth_at_most("", 0));
    EXPECT_TRUE(json_depth_at_most("1", 0));
    EXPECT_FALSE(json_depth_at_most("[]", 0));
    EXPECT_TRUE(json_depth_at_most(R"([{"a":[]},{"b":[]}])", 3));
    EXPECT_FALSE(json_depth_at_most(R"([{"a":[]},{"b":[[]]}])", 3));
    EXPECT_TRUE(json_depth_at_most(R"(["[[", "\"[[", "\\"])", 1));
    EXPECT_FALSE(json_depth_at_most(R"(["\\", []])", 1));
    EXPECT_TRUE(json_depth_at_most("\"\\", 0));  // ends within an escape
    EXPECT_FALSE(json_depth_at_most(std::string(1'000'000, '['), 64));
}

}  // namespace
}  // namespace lnn

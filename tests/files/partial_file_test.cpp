// What is done is kept until its job is over, and one job at a time has the file.
#include "files/partial_file.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include "files/scratch.hpp"

namespace lnn {
namespace {
namespace fs = std::filesystem;

TEST(PartialFile, GoesOnWhereItWas) {
    const Scratch scratch;
    const fs::path path = scratch / "x.partial";
    std::string slice;
    {
        PartialFile file(path, 7);
        EXPECT_TRUE(file.keeps());
        EXPECT_FALSE(file.next(slice, 3));
        file.append("one");
        file.append("two");
    }
    PartialFile file(path, 7);
    EXPECT_TRUE(file.next(slice, 3));
    EXPECT_EQ(slice, "one");
    EXPECT_TRUE(file.next(slice, 3));
    EXPECT_FALSE(file.next(slice, 3));
    PartialFile second(path, 7);
    EXPECT_FALSE(second.keeps());
    EXPECT_NE(second.problem().find("in use"), std::string::npos);
    file.remove();
    EXPECT_FALSE(fs::exists(path));
}

// a job that opens the file as another removes it does not write into what no name leads to any more
TEST(PartialFile, BearsItsName) {
    const Scratch scratch;
    const fs::path path = scratch / "x.partial";
    std::atomic<int> nameless = 0;
    const auto work = [&] {
        for (int k = 0; k < 20000; ++k) {
            PartialFile file(path, 1);
            if (!file.keeps()) continue;
            nameless += !fs::exists(path);
            file.remove();
        }
    };
    std::vector<std::jthread> jobs;
    for (int k = 0; k < 3; ++k) jobs.emplace_back(work);
    jobs.clear();
    EXPECT_EQ(nameless, 0);
}

}  // namespace
}  // namespace lnn

#include "files/memory.hpp"

#include <sys/resource.h>

#include <filesystem>
#include <vector>

#include "files/atomic_file.hpp"
#include "files/dataset.hpp"
#include "files/measured.hpp"
#include "files/npy.hpp"
#include "files/npz.hpp"
#include "files/safetensors.hpp"
#include "files/scratch.hpp"

namespace lnn {
namespace {

TEST(Memory, TooLittleIsAnErrorOfTheFile) {
    expect_error(Exit::file, {"runs/x.npy: not enough memory to read it; "},
                 [] { within_memory("runs/x.npy", []() -> int { throw std::bad_alloc(); }); });
    expect_error(Exit::file, {"x.npy: not enough memory"}, [] {
        within_memory("x.npy", [] {
            return std::vector<int>().max_size() + std::string(std::string().max_size() + 1, 'x').size();
        });
    });
    EXPECT_THROW(within_memory("x", []() -> int { throw std::out_of_range("x"); }), std::out_of_range);
    EXPECT_EQ(within_memory("x", [] { return 3; }), 3);
}

TEST(Memory, EveryReaderOfFilesSaysSo) {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "AddressSanitizer ends the program where memory is short";
#else
    const Scratch scratch;
    spill(scratch / "x.npz", "");
    std::filesystem::resize_file(scratch / "x.npz", std::uintmax_t(1) << 36);  // without taking room on the disk
    EXPECT_TRUE(in_child([&] {
        const rlimit little{1 << 30, 1 << 30};
        setrlimit(RLIMIT_AS, &little);
        const auto path = scratch / "x.npz";
        const auto refused = [](auto read) { expect_error(Exit::file, {"x.npz: not enough memory to read it"}, read); };
        refused([&] { read_file(path); });
        refused([&] { read_npy(path); });
        refused([&] { read_npz(path); });
        refused([&] { read_safetensors(path); });
        refused([&] { load_dataset(path); });
        refused([&] { import_measured(path, {}); });
        return ::testing::Test::HasFailure() ? 1 : 0;
    }));
#endif
}

}  // namespace
}  // namespace lnn

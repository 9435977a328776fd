#include "files/npz.hpp"

#include "files/atomic_file.hpp"
#include "files/npy.hpp"
#include "files/scratch.hpp"

namespace lnn {
namespace {

const std::map<std::string, Array> arrays = {
    {"q", {{2, 2}, {0.1, 2, 3, 4}}}, {"t", {{2}, {0, 0.5}}}, {"none", {{0, 3}, {}}}};

TEST(Npz, RoundTrip) {
    const Scratch scratch;
    write_npz(scratch / "x.npz", arrays, false);
    const auto back = read_npz(scratch / "x.npz");
    ASSERT_EQ(back.size(), arrays.size());
    for (const auto& [name, array] : arrays) {
        EXPECT_EQ(back.at(name).shape, array.shape) << name;
        EXPECT_EQ(back.at(name).values, array.values) << name;
    }
    write_npz(scratch / "y.npz", arrays, false);
    EXPECT_EQ(slurp(scratch / "x.npz"), slurp(scratch / "y.npz")) << "the same arrays, other bytes";
    expect_error(Exit::usage, {"x.npz", "--force"}, [&] { write_npz(scratch / "x.npz", arrays, false); });
}

TEST(Npz, ManyMembersOfSeveralPieces) {
    const Scratch scratch;
    std::map<std::string, Array> many;
    for (std::size_t i = 0; i < 40; ++i) {
        many["a" + std::to_string(i)] = {{i * 5000 + 1}, std::vector<double>(i * 5000 + 1, 1.0 / (i + 1.0))};
    }
    write_npz(scratch / "x.npz", many, false);
    const auto back = read_npz(scratch / "x.npz");
    ASSERT_EQ(back.size(), many.size());
    for (const auto& [name, array] : many) EXPECT_EQ(back.at(name).values, array.values) << name;
}

TEST(Npz, RefusesDamage) {
    const Scratch scratch;
    write_npz(scratch / "x.npz", arrays, false);
    const std::string whole = slurp(scratch / "x.npz");
    expect_error(Exit::file, {"x.npz", "not a readable .npz archive"}, [&] { unpack_npz("", "x.npz"); });
    expect_error(Exit::file, {"x.npz", "not a readable .npz archive"}, [&] { unpack_npz("q1,v1\n1,2\n", "x.npz"); });
    for (std::size_t size = 0; size < whole.size(); size += 7)
        EXPECT_THROW(unpack_npz(whole.substr(0, size), "x.npz"), Error) << size;
    // a flipped bit in the data: the checksum tells
    std::string flipped = whole;
    const double value = 0.1;
    const std::size_t at = whole.find(std::string(reinterpret_cast<const char*>(&value), sizeof value));
    ASSERT_NE(at, whole.npos);
    flipped[at] ^= 1;
    expect_error(Exit::file, {"x.npz", "CRC"}, [&] { unpack_npz(flipped, "x.npz"); });
}

TEST(Npz, AgreesWithNumpy) {
    LNN_NEEDS_NUMPY();
    const Scratch scratch;
    ASSERT_TRUE(python(scratch.path(), R"(
import numpy as np
a = dict(q=np.arange(6.).reshape(3, 2, order='F'), k=np.arange(3))
np.savez('plain', **a)
np.savez_compressed('small', **a, more=np.zeros(5000))
np.savez('words', names=np.array(['x']), **a)
)"));
    for (const char* name : {"plain.npz", "small.npz"}) {
        const auto back = read_npz(scratch / name);
        EXPECT_EQ(back.at("q").values, (std::vector<double>{0, 3, 1, 4, 2, 5}));
        EXPECT_EQ(back.at("k").values, (std::vector<double>{0, 1, 2}));
    }
    EXPECT_EQ(unpack_npz(slurp(scratch / "words.npz"), "words.npz").size(), 3u);
    expect_error(Exit::file, {"words.npz: names", "<U1"}, [&] { read_npz(scratch / "words.npz"); });

    write_npz(scratch / "ours.npz", arrays, false);
    EXPECT_TRUE(python(scratch.path(), R"(
import numpy as np, zipfile
assert zipfile.ZipFile('ours.npz').testzip() is None
x = np.load('ours.npz')
assert sorted(x.files) == ['none', 'q', 't'], x.files
assert (x['q'] == [[0.1, 2], [3, 4]]).all() and x['q'].dtype == np.float64
assert x['t'].tolist() == [0, 0.5] and x['none'].shape == (0, 3)
)"));
}

}  // namespace
}  // namespace lnn

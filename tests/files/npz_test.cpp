#include "files/npz.hpp"

#include <sys/resource.h>

#include "files/dataset.hpp"
#include "files/measured.hpp"
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
    expect_error(Exit::file, {"x.npz", "not a readable .npz archive"}, [&] { Npz("", "x.npz"); });
    expect_error(Exit::file, {"x.npz", "not a readable .npz archive"}, [&] { Npz("q1,v1\n1,2\n", "x.npz"); });
    for (std::size_t size = 0; size < whole.size(); size += 7)
        EXPECT_THROW(Npz(std::string_view(whole).substr(0, size), "x.npz"), Error) << size;
    // a flipped bit in the data: the checksum tells
    std::string flipped = whole;
    const double value = 0.1;
    const std::size_t at = whole.find(std::string(reinterpret_cast<const char*>(&value), sizeof value));
    ASSERT_NE(at, whole.npos);
    flipped[at] ^= 1;
    expect_error(Exit::file, {"x.npz", "CRC"}, [&] { Npz(flipped, "x.npz").read("q"); });
    EXPECT_EQ(Npz(flipped, "x.npz").read("t").values, arrays.at("t").values) << "of an array that nobody asked for";
}

// the bytes at `at` become those of the number
template <class Number>
void poke(std::string& bytes, std::size_t at, Number number) {
    bytes.replace(at, sizeof number, reinterpret_cast<const char*>(&number), sizeof number);
}

// an archive of one array whose directory says it unpacks to `size` bytes; the field of 32 bits is too small for it
std::string claiming(std::uint64_t size) {
    std::string bytes = encode_npz({{"q", {{2}, {1, 2}}}}, "x.npz");
    const std::size_t entry = bytes.find("PK\1\2"), end = bytes.find("PK\5\6");
    const std::size_t names = entry + 46 + std::string_view("q.npy").size();
    poke(bytes, entry + 24, ~std::uint32_t(0));
    poke(bytes, entry + 30, std::uint16_t(12));
    poke(bytes, end + 12, std::uint32_t(end - entry + 12));
    std::string extra(12, '\0');
    poke(extra, 0, std::uint16_t(1));
    poke(extra, 2, std::uint16_t(8));
    poke(extra, 4, size);
    return bytes.insert(names, extra);
}

TEST(Npz, RefusesWhatUnpacksToTooMuch) {
    expect_error(Exit::file, {"x.npz: q", "300000000000 bytes when unpacked, more than 274877906944"},
                 [] { Npz(claiming(300'000'000'000), "x.npz").read("q"); });
    expect_error(Exit::file, {"x.npz: q", "said to unpack from 144 to 4000000000"},
                 [] { Npz(claiming(4'000'000'000), "x.npz").read("q"); });
    expect_error(Exit::file, {"x.npz: q", "promises (2,) values", "60 bytes of data follow"},
                 [] { Npz(claiming(128 + 60), "x.npz").read("q"); });
}

// what the stream holds counts in the end, whatever header and directory say
TEST(Npz, RefusesStreamsThatEndElsewhere) {
    const std::string npy = encode_npy({{2}, {1, 2}});
    for (const int beyond : {-8, 8}) {
        std::string_view left = npy;
        const std::string longer = npy + std::string(8, '\0');
        left = std::string_view(longer).substr(0, npy.size() + std::size_t(beyond));
        const Stream stream{npy.size(), [&](char* to, std::size_t size) {
                                size = left.copy(to, size);
                                left.remove_prefix(size);
                                return size;
                            }};
        const NpyHeader header = read_npy_header(stream, "x");
        expect_error(Exit::file, {"x: ", beyond < 0 ? "8 bytes of data follow" : "bytes follow the (2,) values"},
                     [&] { read_npy_values(stream, header, "x"); });
    }
}

long peak_kilobytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

// 400 arrays took a MiB each, and an array of zeros a thousand times its size, whoever asked for it
TEST(Npz, CostsWhatIsAskedFor) {
    LNN_NEEDS_NUMPY();
    const Scratch scratch;
    ASSERT_TRUE(python(scratch.path(), R"(
import numpy as np
np.savez_compressed('x', q=np.ones((3, 1)), v=np.ones((3, 1)), bomb=np.zeros(1 << 24),
                    **{f'x{i}': np.zeros(3) for i in range(400)})
)"));
    EXPECT_TRUE(in_child([&] {
        const long before = peak_kilobytes();
        load_dataset(scratch / "x.npz");
        Measurement how;
        how.columns = "q1=q1,v1=v1,a1=x0";
        import_measured(scratch / "x.npz", how);
        const long taken = peak_kilobytes() - before;
        return taken < 64 << 10 ? 0 : 1;
    }));
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
    const std::string words = slurp(scratch / "words.npz");
    EXPECT_EQ(Npz(words, "words.npz").members().size(), 3u);
    EXPECT_EQ(Npz(words, "words.npz").read("k").values.size(), 3u);
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

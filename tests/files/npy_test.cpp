#include "files/npy.hpp"

#include <gtest/gtest.h>
// after gtest.h, whose names it uses
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <limits>

#include "files/atomic_file.hpp"
#include "files/scratch.hpp"

namespace lnn {
namespace {

// a file of version 1 by hand
std::string npy(const std::string& header, const std::string& data, char version = 1) {
    const auto length = static_cast<std::uint32_t>(header.size());
    std::string bytes = std::string("\x93NUMPY") + version + '\0';
    bytes.append(reinterpret_cast<const char*>(&length), version == 1 ? 2 : 4);
    return bytes + header + data;
}

std::string header(const std::string& descr, const std::string& shape, const std::string& fortran = "False") {
    return "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }\n";
}

template <class T>
std::string raw(std::initializer_list<T> values) {
    return {reinterpret_cast<const char*>(values.begin()), values.size() * sizeof(T)};
}

void refused(const std::string& bytes, std::initializer_list<std::string> parts) {
    expect_error(Exit::file, parts, [&] { decode_npy(bytes, "x.npy"); });
}

TEST(Npy, ReadsTypesVersionsAndOrders) {
    for (const char version : {1, 2, 3}) {
        const Array array = decode_npy(npy(header("<f8", "(2, 1)"), raw({1.5, -0.0}), version), "x");
        EXPECT_EQ(array.shape, (std::vector<std::size_t>{2, 1}));
        EXPECT_EQ(array.values, (std::vector<double>{1.5, 0.0}));
        EXPECT_TRUE(std::signbit(array.values[1]));
    }
    EXPECT_EQ(decode_npy(npy(header("<f4", "(2,)"), raw({0.1f, 2.0f})), "x").values, (std::vector<double>{0.1f, 2}));
    EXPECT_EQ(decode_npy(npy(header("<i4", "(2,)"), raw({-7, 8})), "x").values, (std::vector<double>{-7, 8}));
    EXPECT_EQ(decode_npy(npy(header("<i8", "(1,)"), raw<std::int64_t>({-(1ll << 53)})), "x").values[0],
              -9007199254740992.0);
    EXPECT_EQ(decode_npy(npy(header("<f8", "(2, 3)", "True"), raw({1., 4., 2., 5., 3., 6.})), "x").values,
              (std::vector<double>{1, 2, 3, 4, 5, 6}));
    EXPECT_TRUE(decode_npy(npy(header("<f8", "()"), raw({3.0})), "x").shape.empty());
    EXPECT_TRUE(decode_npy(npy(header("<f8", "(0, 4)"), ""), "x").values.empty());
    // other spellings of the same dict
    EXPECT_EQ(decode_npy(npy("{\"shape\":(1L,),'fortran_order':False,'descr':'<f8'}   \n", raw({3.0})), "x").values[0],
              3.0);
}

TEST(Npy, RefusesTypes) {
    refused(npy(header("|O", "(1,)"), "\x80\x04K\x01."), {"x.npy", "pickled", "float64"});
    refused(npy(header(">f8", "(1,)"), raw({1.0})), {"big-endian", ".astype('<f8')"});
    for (const char* descr : {"<f2", "<u8", "|b1", "<c16", "<U3", "|i1", "<i2"})
        refused(npy(header(descr, "(1,)"), raw({1.0})), {descr, "is not read", ".astype('<f8')"});
    refused(npy("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }\n", raw({1.0})), {"structured"});
    for (const std::int64_t large : {(1ll << 53) + 1, -(1ll << 53) - 1, std::numeric_limits<long long>::min()})
        refused(npy(header("<i8", "(1,)"), raw<std::int64_t>({large})), {"2^53"});
}

TEST(Npy, RefusesLyingHeaders) {
    const std::string data = raw({1.0, 2.0});
    for (const char* shape :
         {"(3,)", "(1,)", "()", "(2, 2)", "(2305843009213693954,)", "(4294967296, 4294967296)",
          "(4294967296, 4294967297)", "(18446744073709551615, 2)", "(3, 6148914691236517206)" /* 2^64 + 2 */})
        refused(npy(header("<f8", shape), data), {"x.npy", "promises (", "16 bytes", "truncated or corrupt"});
    for (const char* text :
         {"{}", "{'descr': '<f8', 'fortran_order': False}", "{'descr': '<f8', 'fortran_order': 0, 'shape': (2,)}",
          "{'descr': '<f8', 'fortran_order': False, 'shape': (-2,)}",
          "{'descr': '<f8', 'fortran_order': False, 'shape': (2.,)}",
          "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,)}",
          "{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (2,)}", "{'descr': '<f8",
          "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), 'more': 1}",
          "{'descr': '<f8', 'fortran_order': False, 'shape': (2,)} + exit()",
          "{'descr': '<f8' 'fortran_order': False, 'shape': (2,)}", ""})
        refused(npy(text, data), {"x.npy", "malformed"});
    refused("", {"not a .npy file"});
    refused("q1,v1\n1,2\n", {"not a .npy file"});
    refused(npy(header("<f8", "(2,)"), data, 4), {"version 4"});
    std::string long_header = npy(header("<f8", "(2,)"), data);
    long_header[9] = '\x7f';
    refused(long_header, {"truncated", "header claims"});
    refused(npy(std::string(2 << 20, ' '), "", 2), {"x.npy", "header of 2097152 bytes, more than 1048576"});
    std::string shape = "(";
    for (int i = 0; i < 33; ++i) shape += "1, ";
    refused(npy(header("<f8", shape + ")"), raw({1.0})), {"x.npy", "more than 32 dimensions"});
}

TEST(Npy, EveryTruncationIsRefused) {
    const std::string whole = encode_npy({{3, 2}, {1, 2, 3, 4, 5, 6}});
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_THROW(decode_npy(whole.substr(0, size), "x"), Error) << size;
    EXPECT_THROW(decode_npy(whole + "x", "x"), Error);
}

RC_GTEST_PROP(Npy, RoundTrip, ()) {
    const auto shape =
        *rc::gen::resize(4, rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, 5)));
    std::size_t count = 1;
    for (const std::size_t size : shape) count *= size;
    const auto values = *rc::gen::container<std::vector<double>>(count, rc::gen::arbitrary<double>());
    const std::string bytes = encode_npy({shape, values});
    RC_ASSERT((bytes.size() - count * sizeof(double)) % 64 == 0u);
    const Array array = decode_npy(bytes, "x");
    RC_ASSERT(array.shape == shape);
    const std::string_view sent(reinterpret_cast<const char*>(values.data()), count * sizeof(double));
    const std::string_view got(reinterpret_cast<const char*>(array.values.data()), count * sizeof(double));
    RC_ASSERT(got == sent);  // bit for bit
}

// any damage to the first bytes is an error or an array, never a crash (for the sanitizers)
RC_GTEST_PROP(Npy, SurvivesDamage, ()) {
    std::string bytes = encode_npy({{2, 3}, {1, 2, 3, 4, 5, 6}});
    const auto at = *rc::gen::inRange<std::size_t>(0, 90);
    bytes[at] = *rc::gen::arbitrary<char>();
    try {
        const Array array = decode_npy(bytes, "x");
        RC_ASSERT(array.values.size() == element_count(array.shape));
    } catch (const Error& error) {
        RC_ASSERT(error.exit() == Exit::file);
    }
}

TEST(Npy, RequireFiniteNamesRowAndColumn) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    expect_error(Exit::file, {"x.npy: row 2, column 3 is nan"}, [&] {
        require_finite({{2, 3}, {1, 2, 3, 4, 5, nan}}, "x.npy");
    });
    expect_error(Exit::file, {"row 1, column 1 is -inf"}, [&] { require_finite({{}, {-1.0 / 0.0}}, "x.npy"); });
    EXPECT_NO_THROW(require_finite({{0, 3}, {}}, "x.npy"));
}

TEST(Npy, AgreesWithNumpy) {
    LNN_NEEDS_NUMPY();
    const Scratch scratch;
    ASSERT_TRUE(python(scratch.path(), R"(
import numpy as np
x = np.arange(24.).reshape(2, 3, 4) / 7
np.save('c8', x); np.save('f8', np.asfortranarray(x)); np.save('f4', np.asfortranarray(x.astype('<f4')))
np.save('i4', np.arange(5, dtype='<i4'))
np.save('scalar', np.float64(2.5)); np.save('empty', np.zeros((0, 4)))
np.lib.format.write_array(open('v3.npy', 'wb'), x, version=(3, 0))
np.save('big', x.astype('>f8')); np.save('object', np.array([{}, 1], dtype=object))
)"));
    const Array c8 = read_npy(scratch / "c8.npy");
    EXPECT_EQ(c8.shape, (std::vector<std::size_t>{2, 3, 4}));
    for (int i = 0; i < 24; ++i) EXPECT_EQ(c8.values[i], i / 7.0);
    EXPECT_EQ(read_npy(scratch / "f8.npy").values, c8.values);
    EXPECT_EQ(read_npy(scratch / "v3.npy").values, c8.values);
    const Array f4 = read_npy(scratch / "f4.npy");
    for (int i = 0; i < 24; ++i) EXPECT_EQ(f4.values[i], static_cast<float>(i / 7.0));
    EXPECT_EQ(read_npy(scratch / "i4.npy").values, (std::vector<double>{0, 1, 2, 3, 4}));
    EXPECT_EQ(read_npy(scratch / "scalar.npy").values, std::vector<double>{2.5});
    EXPECT_EQ(read_npy(scratch / "empty.npy").shape, (std::vector<std::size_t>{0, 4}));
    expect_error(Exit::file, {"big.npy", "big-endian"}, [&] { read_npy(scratch / "big.npy"); });
    expect_error(Exit::file, {"object.npy", "pickled"}, [&] { read_npy(scratch / "object.npy"); });

    write_npy(scratch / "ours.npy", {{2, 1, 2}, {0.1, -0.0, 1e-310, -3}}, false);
    write_npy(scratch / "one.npy", {{1}, {4}}, false);
    write_npy(scratch / "none.npy", {{}, {4}}, false);
    EXPECT_TRUE(python(scratch.path(), R"(
import numpy as np
x = np.load('ours.npy')
assert x.dtype == np.dtype('<f8') and x.shape == (2, 1, 2) and x.flags.c_contiguous
assert x.tobytes() == np.array([0.1, -0.0, 1e-310, -3]).tobytes()
assert np.load('one.npy').shape == (1,) and np.load('none.npy').shape == ()
)"));
}

}  // namespace
}  // namespace lnn

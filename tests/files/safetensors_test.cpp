#include "files/safetensors.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
// after gtest.h, whose names it uses
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <cstring>
#include <limits>

#include "files/atomic_file.hpp"
#include "files/scratch.hpp"

namespace lnn {
namespace {

std::string with_header(const std::string& header, const std::string& data) {
    const std::uint64_t length = header.size();
    return std::string(reinterpret_cast<const char*>(&length), 8) + header + data;
}

void refused(const std::string& bytes, std::initializer_list<std::string> parts) {
    expect_error(Exit::file, parts, [&] { decode_safetensors(bytes, "w.safetensors"); });
}

const Safetensors network = {{{"fc1.weight", {3, 2}, false, {1, -2, 0.5, 4, 5, 6}},
                              {"fc1.bias", {3}, false, {0, 1, 2}},
                              {"adam", {2, 1}, true, {0.1, 1e300}},
                              {"step", {}, true, {7}},
                              {"none", {0, 4}, false, {}}},
                             {{"layers", "2,3"}, {"system", "a \"quoted\" θ"}}};

TEST(Safetensors, RoundTripKeepsOrderTypesAndMetadata) {
    const std::string bytes = encode_safetensors(network, "w");
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), 8);
    EXPECT_EQ(length % 8, 0u) << "values are not aligned";
    EXPECT_EQ(bytes[8], '{');

    const Safetensors back = decode_safetensors(bytes, "w");
    EXPECT_EQ(back.metadata, network.metadata);
    ASSERT_EQ(back.tensors.size(), network.tensors.size());
    for (std::size_t i = 0; i < back.tensors.size(); ++i) {
        EXPECT_EQ(back.tensors[i].name, network.tensors[i].name);
        EXPECT_EQ(back.tensors[i].shape, network.tensors[i].shape);
        EXPECT_EQ(back.tensors[i].f64, network.tensors[i].f64);
        EXPECT_EQ(back.tensors[i].values, network.tensors[i].values);
    }
}

TEST(Safetensors, ValuesLieWhereTheOffsetsSay) {
    const auto bytes = with_header(R"({"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},)"
                                   R"("a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}})",
                                   std::string("\0\0\0\0\0\0\xf8\x3f\0\0\x20\x40", 12));
    const Safetensors file = decode_safetensors(bytes, "w");
    EXPECT_EQ(file.tensors[0].name, "b");
    EXPECT_EQ(file.tensors[0].values[0], 2.5);
    EXPECT_EQ(file.tensors[1].values[0], 1.5);
}

TEST(Safetensors, RefusesPickles) {
    const auto pickle = [](const std::string& bytes) {
        expect_error(Exit::file,
                     {"runs/m.pt: a pickle",
                      "python3 -c \"import torch, safetensors.torch as s; s.save_file(torch.load('runs/m.pt'), "
                      "'runs/m.safetensors')\""},
                     [&] { decode_safetensors(bytes, "runs/m.pt"); });
    };
    pickle(std::string("PK\x03\x04") + std::string(100, 'x'));
    pickle("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e.");
    pickle("\x80\x04}.");

    // headers of 640 = 0x280 and of 1152 = 0x480 bytes begin like a pickle of protocol 2 and 4
    for (const std::size_t length : {640u, 1152u}) {
        std::string header = R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}})";
        header.resize(length, ' ');
        EXPECT_EQ(decode_safetensors(with_header(header, ""), "w").tensors.size(), 1u);
    }
}

TEST(Safetensors, RefusesBrokenHeaders) {
    refused("", {"w.safetensors", "0 bytes are too few"});
    refused("q1,v1\n1,2\n", {"not a safetensors file"});
    refused(std::string(8, '\xff'), {"not a safetensors file", "18446744073709551615"});
    refused(with_header("{}", "").substr(0, 9), {"truncated", "claims 2 bytes, 1 are left"});
    for (const char* header : {"", "{", "{]", "nonsense", R"({"a":NaN})", "{}{}", "\xff"})
        refused(with_header(header, ""), {"not valid JSON"});
    for (const char* header : {"[]", "1", "\"x\"", "null"}) refused(with_header(header, ""), {"not a JSON object"});
    refused(with_header(std::string(100000, '['), ""), {"w.safetensors"});
    refused(with_header(R"({"a":{"b":{"c":{"d":{}}}}})", ""), {"nests deeper"});
    refused(with_header(R"({"a":3})", ""), {"'a'", "not an object"});
    refused(with_header(R"({"__metadata__":{"layers":[1]}})", ""), {"metadata 'layers'", "string"});
    refused(with_header(R"({"__metadata__":{"s":"1","s":"2"}})", ""), {"'s' twice"});
    const std::string a = R"("a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]})";
    refused(with_header("{" + a + "," + a + "}", ""), {"'a' twice"});
    // the same key in two tensors is not twice
    EXPECT_NO_THROW(decode_safetensors(
        with_header("{" + a + R"(,"b":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}})", ""), "w"));
}

// the parser looks through all keys for each one more, which takes minutes where there are so many
TEST(Safetensors, RefusesTooManyKeys) {
    const auto with_keys = [](int keys) {
        std::string metadata;
        for (int i = 1; i < keys; ++i) metadata += fmt::format(R"({}"{}":"")", i > 1 ? "," : "", i);
        return with_header(R"({"__metadata__":{)" + metadata + "}}", "");
    };
    EXPECT_EQ(decode_safetensors(with_keys(10'000), "w").metadata.size(), 9'999u);
    refused(with_keys(10'001), {"w.safetensors: the header holds more than 10000 keys"});
    refused(with_keys(1'000'000), {"more than 10000 keys"});
}

TEST(Safetensors, RefusesTensorsThatDoNotFit) {
    const std::string data(8, '\0');
    const auto tensor = [](const std::string& dtype, const std::string& shape, const std::string& offsets) {
        return R"({"a":{"dtype":)" + dtype + R"(,"shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
    };
    EXPECT_NO_THROW(decode_safetensors(with_header(tensor("\"F32\"", "[2]", "[0,8]"), data), "w"));
    for (const char* dtype : {"\"F16\"", "\"BF16\"", "\"I64\"", "3"})
        refused(with_header(tensor(dtype, "[2]", "[0,8]"), data), {"'a' is of type", dtype, "F32 or F64"});
    refused(with_header(R"({"a":{"shape":[2],"data_offsets":[0,8]}})", data), {"type (none)"});
    for (const char* shape : {"[-1]", "[2.0]", "2", "null", "[\"2\"]"})
        refused(with_header(tensor("\"F32\"", shape, "[0,8]"), data), {"'a'", "'shape'"});
    for (const char* offsets : {"[0]", "[0,8,8]", "[8,0]", "[-8,0]", "{}", "[0,8.5]"})
        refused(with_header(tensor("\"F32\"", "[2]", offsets), data), {"'a'", "'data_offsets'"});
    for (const char* shape : {"[3]", "[1]", "[]", "[4294967296,4294967296]", "[4611686018427387906]",
                              "[18446744073709551615,2]", "[3,6148914691236517206]" /* 2^64 + 2 */})
        refused(with_header(tensor("\"F32\"", shape, "[0,8]"), data), {"'a' of shape (", "8 bytes"});

    refused(with_header(tensor("\"F32\"", "[2]", "[0,8]"), data.substr(1)), {"8 bytes of data, 7 follow", "truncated"});
    refused(with_header(tensor("\"F32\"", "[2]", "[0,8]"), data + "x"), {"8 bytes of data, 9 follow", "corrupt"});
    refused(with_header(tensor("\"F32\"", "[1]", "[4,8]"), data), {"'a'", "byte 4", "hole"});
    const std::string a = R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                          R"("b":{"dtype":"F32","shape":[1],"data_offsets":)";
    refused(with_header(a + "[0,4]}}", data), {"'b'", "byte 0", "overlapping"});
    refused(with_header(a + "[2,6]}}", data), {"'b'", "byte 2", "overlapping"});
    refused(with_header(a + "[5,9]}}", data), {"'b'", "byte 5", "hole"});
    refused(with_header(a + "[18446744073709551612,18446744073709551615]}}", data),
            {"'b'", "does not fit its 3 bytes"});
}

TEST(Safetensors, RefusesNonFiniteOnBothWays) {
    const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
    const auto write = [](bool f64, double value) {
        encode_safetensors({{{"fc1.bias", {2}, f64, {1, value}}}, {}}, "w");
    };
    for (const bool f64 : {false, true})
        for (const double value : {nan, inf, -inf})
            expect_error(Exit::file, {"w: value 1 of tensor 'fc1.bias'", "finite"}, [&] { write(f64, value); });
    expect_error(Exit::file, {"1e+300, too large for F32"}, [&] { write(false, 1e300); });
    EXPECT_NO_THROW(write(true, 1e300));

    std::string bytes = encode_safetensors({{{"x", {1}, true, {1}}}, {}}, "w");
    std::memcpy(bytes.data() + bytes.size() - 8, &nan, 8);
    refused(bytes, {"value 0 of tensor 'x' is nan"});
}

TEST(Safetensors, EveryTruncationIsRefused) {
    const std::string whole = encode_safetensors(network, "w");
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_THROW(decode_safetensors(whole.substr(0, size), "w"), Error) << size;
}

// any damage is an error or a file, never a crash (for the sanitizers)
RC_GTEST_PROP(Safetensors, SurvivesDamage, ()) {
    std::string bytes = encode_safetensors(network, "w");
    for (int i = 0; i < 3; ++i) bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] = *rc::gen::arbitrary<char>();
    try {
        decode_safetensors(bytes, "w");
    } catch (const Error& error) {
        RC_ASSERT(error.exit() == Exit::file);
    }
}

RC_GTEST_PROP(Safetensors, RoundTripF32, (const std::vector<float>& values)) {
    const Safetensors file = {{{"x", {values.size()}, false, {values.begin(), values.end()}}}, {}};
    const Tensor back = decode_safetensors(encode_safetensors(file, "w"), "w").tensors.at(0);
    RC_ASSERT(std::vector<float>(back.values.begin(), back.values.end()) == values);
}

// an independent reader and writer of the format, by its description
TEST(Safetensors, AgreesWithNumpy) {
    LNN_NEEDS_NUMPY();
    const Scratch scratch;
    write_safetensors(scratch / "ours.safetensors", network, false);
    EXPECT_TRUE(python(scratch.path(), R"(
import json, struct, numpy as np
raw = open('ours.safetensors', 'rb').read()
n = struct.unpack('<Q', raw[:8])[0]
h = json.loads(raw[8:8 + n]); data = raw[8 + n:]
assert h.pop('__metadata__') == {'layers': '2,3', 'system': 'a "quoted" \u03b8'}
assert list(h) == ['fc1.weight', 'fc1.bias', 'adam', 'step', 'none']
def get(k):
    b, e = h[k]['data_offsets']
    return np.frombuffer(data[b:e], {'F32': '<f4', 'F64': '<f8'}[h[k]['dtype']]).reshape(h[k]['shape'])
assert get('fc1.weight').tolist() == [[1, -2], [.5, 4], [5, 6]] and get('fc1.weight').dtype == np.float32
assert get('adam').tolist() == [[.1], [1e300]] and get('step').shape == () and get('none').shape == (0, 4)

a = {'z.weight': np.arange(6, dtype='<f4').reshape(2, 3) / 7, 'a.bias': np.array([.1])}
h, data = {}, b''
for k, x in a.items():
    h[k] = dict(dtype={4: 'F32', 8: 'F64'}[x.itemsize], shape=x.shape,
                data_offsets=[len(data), len(data) + x.nbytes])
    data += x.tobytes()
h = json.dumps(h, indent=1).encode()
open('theirs.safetensors', 'wb').write(struct.pack('<Q', len(h)) + h + data)
)"));
    const Safetensors theirs = read_safetensors(scratch / "theirs.safetensors");
    ASSERT_EQ(theirs.tensors.size(), 2u);
    EXPECT_EQ(theirs.tensors[0].name, "z.weight");
    for (int i = 0; i < 6; ++i) EXPECT_EQ(theirs.tensors[0].values[i], static_cast<float>(i) / 7.0f);
    EXPECT_EQ(theirs.tensors[1].values[0], 0.1);
}

}  // namespace
}  // namespace lnn

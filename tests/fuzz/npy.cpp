// One array.
#include "files/npy.hpp"

#include "fuzz.hpp"

using namespace lnn;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Array array;
    if (fuzz::takes([&] { array = decode_npy(fuzz::bytes_of(data, size), "x.npy"); }))
        fuzz::comes_back(array, encode_npy, [](const std::string& bytes) { return decode_npy(bytes, "x.npy"); });
    return 0;
}

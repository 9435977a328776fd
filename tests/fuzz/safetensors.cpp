// Named tensors, and the network that they may be.
#include "files/safetensors.hpp"

#include "fuzz.hpp"
#include "problem/network.hpp"

using namespace lnn;

namespace {

std::string encode(const Safetensors& file) { return encode_safetensors(file, "x.safetensors"); }
Safetensors decode(std::string_view bytes) { return decode_safetensors(bytes, "x.safetensors"); }

Network network_in(std::string_view bytes) {
    std::vector<std::string> notes;
    return network_from(decode(bytes), "x.safetensors", notes);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes = fuzz::bytes_of(data, size);
    Safetensors file;
    if (!fuzz::takes([&] { file = decode(bytes); })) return 0;
    fuzz::comes_back(file, encode, decode);
    Network network;
    if (!fuzz::takes([&] { network = network_in(bytes); })) return 0;
    fuzz::comes_back(
        network, [](const Network& written) { return encode(network_file(written, true)); }, network_in);
    return 0;
}

#include <cstdlib>
#include <map>
#include <sstream>

#include "device.hpp"

namespace emulated {
namespace {

// 4096, 227K, 1M, 4G
std::size_t bytes_of(const std::string& text) {
    std::size_t end = 0;
    const std::size_t number = std::stoull(text, &end);
    const std::string unit = text.substr(end);
    const std::map<std::string, int> shifts = {{"", 0}, {"K", 10}, {"M", 20}, {"G", 30}};
    return number << shifts.at(unit);
}

Fault fault(const std::string& text) {
    std::istringstream in(text);
    std::string call, number, error;
    std::getline(in, call, ':'), std::getline(in, number, ':'), std::getline(in, error);
    const std::map<std::string, cudaError_t> errors = {{"memory", cudaErrorMemoryAllocation},
                                                       {"address", cudaErrorIllegalAddress},
                                                       {"timeout", cudaErrorLaunchTimeout},
                                                       {"failure", cudaErrorLaunchFailure},
                                                       {"lost", cudaErrorUnknown}};
    return {call, std::stoll(number), errors.at(error), number.back() == '+'};
}

void set(Dials& dials, const std::string& name, const std::string& value) {
    if (name == "devices")
        dials.devices = std::stoi(value);
    else if (name == "multiprocessors")
        dials.multiprocessors = std::stoi(value);
    else if (name == "shared")
        dials.shared = bytes_of(value);
    else if (name == "memory")
        dials.memory = bytes_of(value);
    else if (name == "order" && value == "forward")
        dials.order = Order::forward;
    else if (name == "order" && value == "reverse")
        dials.order = Order::reverse;
    else if (name == "order" && value.rfind("random:", 0) == 0)
        dials.order = Order::random, dials.seed = std::stoull(value.substr(7));
    else if (name == "driver" && value == "old")
        dials.old_driver = true;
    else if (name == "code" && value == "none")
        dials.code = false;
    else if (name == "cublas" && value == "missing")
        dials.cublas = false;
    else if (name == "cusolver" && value == "missing")
        dials.cusolver = false;
    else if (name == "fail")
        dials.fault = fault(value);
    else
        fail("LNN_EMULATED has no " + name + "=" + value);
}

Dials from_environment() {
    Dials dials;
    const char* const visible = std::getenv("CUDA_VISIBLE_DEVICES");
    if (visible && !*visible) dials.devices = 0;
    const char* const text = std::getenv("LNN_EMULATED");
    std::istringstream in(text ? text : "");
    for (std::string each; std::getline(in, each, ',');) {
        const std::size_t equals = each.find('=');
        try {
            set(dials, each.substr(0, equals), equals == std::string::npos ? "" : each.substr(equals + 1));
        } catch (const std::exception&) {  // a number that is none
            fail("LNN_EMULATED: " + each);
        }
    }
    return dials;
}

}  // namespace

Dials& dials() {
    static Dials& read = *new Dials(from_environment());
    return read;
}

}  // namespace emulated

// example model.safetensors: accelerations of two states of a learned double pendulum, and where it is a little later
#include <cstdio>
#include <lnn/backend.hpp>
#include <problem/network.hpp>

int main(int, char** argv) try {
    std::vector<std::string> notes;  // what was assumed of a file that does not say it
    const lnn::Network network = lnn::load_network(argv[1], notes);
    const auto backend = lnn::make_cpu_backend({});
    const std::vector<double> states = {0.5, 0.4, -0.3, -0.2, 0, 0, 0, 0};  // q1, q2, v1, v2, each of both states
    std::vector<double> a(2 * 2), motion((10 + 1) * 4 * 2);
    backend->accelerate(network.models(), {}, lnn::Precision::f64, states, a, {}, {});
    backend->rollout(network.models(), {}, {.dt = 0.01, .instants = 10}, lnn::Precision::f64, lnn::Precision::f64,
                     states, motion);
    std::printf("a1 = %g %g, a2 = %g %g\n", a[0], a[1], a[2], a[3]);
    std::printf("after 0.1 s: q1 = %g %g, q2 = %g %g\n", motion[80], motion[81], motion[82], motion[83]);
} catch (const lnn::Error& error) {
    std::fprintf(stderr, "example: %s\n", error.what());
    return int(error.exit());
}

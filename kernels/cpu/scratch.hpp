// Memory that CPU jobs work in.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <vector>

namespace lnn {

// 64-byte aligned, uninitialised
class Scratch {
  public:
    explicit Scratch(std::size_t bytes) : p_(::operator new(bytes ? bytes : 1, std::align_val_t(64))) {}
    ~Scratch() { ::operator delete(p_, std::align_val_t(64)); }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    void* get() const { return p_; }

  private:
    void* p_;
};

inline std::vector<std::unique_ptr<Scratch>> pieces_of_memory(int count, std::size_t bytes) {
    std::vector<std::unique_ptr<Scratch>> pieces;
    for (int i = 0; i < count; ++i) pieces.push_back(std::make_unique<Scratch>(bytes));
    return pieces;
}

template <class T>
std::vector<T> narrowed(std::span<const double> x) {
    return std::vector<T>(x.begin(), x.end());
}

}  // namespace lnn

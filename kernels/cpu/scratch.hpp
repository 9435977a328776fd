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

// The same, kept from one call to the next: to fetch large pieces from the system anew takes time that shows.
class KeptMemory {
  public:
    const std::vector<std::unique_ptr<Scratch>>& pieces(int count, std::size_t bytes) {
        if (count > int(pieces_.size()) || bytes > bytes_) {
            pieces_.clear();
            pieces_ = pieces_of_memory(count, bytes);
            bytes_ = bytes;
        }
        return pieces_;
    }

  private:
    std::vector<std::unique_ptr<Scratch>> pieces_;
    std::size_t bytes_ = 0;
};

template <class T>
std::vector<T> narrowed(std::span<const double> x) {
    return std::vector<T>(x.begin(), x.end());
}

}  // namespace lnn

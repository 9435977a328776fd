// A card: its memory, its errors, and what of it the launchers have to know.
#pragma once

#include <cuda_runtime_api.h>

#include <span>
#include <string>
#include <utility>

#include "lnn/error.hpp"

namespace lnn::cuda {

// throws Exit::backend with one line that says what failed and how to mend it
void check(cudaError_t status, const char* what);

struct Card {
    int device = 0;
    std::string name;          // as `doctor` shows it
    int multiprocessors = 1;
    std::size_t shared_limit = 48 << 10;  // bytes a block may have on chip
};

// throws Exit::backend where there is none
Card open_card(int device);

// bytes that a job's arrays may take: half of what is free
std::size_t free_memory();

// memory on the card, uninitialised
template <class T>
class DeviceBuffer {
  public:
    DeviceBuffer() = default;
    explicit DeviceBuffer(std::size_t size) : size_(size) {
        if (size > 0) check(cudaMalloc(reinterpret_cast<void**>(&p_), size * sizeof(T)), "taking memory");
    }
    explicit DeviceBuffer(std::span<const T> from) : DeviceBuffer(from.size()) {
        check(cudaMemcpy(p_, from.data(), from.size_bytes(), cudaMemcpyHostToDevice), "copying to the card");
    }
    DeviceBuffer(DeviceBuffer&& other) noexcept : p_(std::exchange(other.p_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    DeviceBuffer& operator=(DeviceBuffer&& other) noexcept {
        std::swap(p_, other.p_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~DeviceBuffer() { cudaFree(p_); }

    T* get() const { return p_; }
    std::size_t size() const { return size_; }
    void clear() { check(cudaMemset(p_, 0, size_ * sizeof(T)), "clearing memory"); }
    // columns first .. first + size() / rows - 1 of a host array (rows, columns)
    void upload_columns(const T* from, std::size_t rows, std::size_t columns, std::size_t first) {
        const std::size_t count = size_ / rows;
        check(cudaMemcpy2D(p_, count * sizeof(T), from + first, columns * sizeof(T), count * sizeof(T), rows,
                           cudaMemcpyHostToDevice),
              "copying to the card");
    }
    void download_columns(T* to, std::size_t rows, std::size_t columns, std::size_t first) const {
        const std::size_t count = size_ / rows;
        check(cudaMemcpy2D(to + first, columns * sizeof(T), p_, count * sizeof(T), count * sizeof(T), rows,
                           cudaMemcpyDeviceToHost),
              "copying from the card");
    }
    // waits for the kernels that write it
    void download(std::span<T> to) const {
        check(cudaMemcpy(to.data(), p_, to.size_bytes(), cudaMemcpyDeviceToHost), "copying from the card");
    }

  private:
    T* p_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace lnn::cuda

// A card: its memory, its errors, and what of it the launchers have to know.
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "lnn/error.hpp"

namespace lnn::cuda {

// throws Exit::backend with one line that says what failed and how to mend it
void check(cudaError_t status, const char* what);

struct Card {
    std::string name;  // as `doctor` shows it
    int multiprocessors = 1;
    std::size_t shared_limit = 48 << 10;  // bytes a block may have on chip
};

// throws Exit::backend where there is none. The device is that of the calling thread from then on: one a process.
Card open_card(int device);

// bytes that a job's arrays may take: half of what is free
std::size_t free_memory();

// Seconds by the card's own clock that kernels and libraries took since the last question; nothing is measured before the
// first. Waits for them.
double kernel_seconds();

// while it lives, what is started counts, once, however many of them there are
class TimedWork {
  public:
    TimedWork();
    ~TimedWork();
    TimedWork(const TimedWork&) = delete;
    TimedWork& operator=(const TimedWork&) = delete;
};

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
    DeviceBuffer(DeviceBuffer&& other) noexcept
        : p_(std::exchange(other.p_, nullptr)), size_(std::exchange(other.size_, 0)) {}
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
        copy_rows(p_, count, from + first, columns, rows, count, cudaMemcpyHostToDevice);
    }
    // the diagonal of the square matrix that begins at element `at`
    void upload_diagonal(std::span<const T> from, std::size_t at) {
        copy_rows(p_ + at, from.size() + 1, from.data(), 1, from.size(), 1, cudaMemcpyHostToDevice);
    }
    void download_columns(T* to, std::size_t rows, std::size_t columns, std::size_t first) const {
        const std::size_t count = size_ / rows;
        copy_rows(to + first, columns, p_, count, rows, count, cudaMemcpyDeviceToHost);
    }
    // waits for the kernels that write it
    void download(std::span<T> to) const {
        check(cudaMemcpy(to.data(), p_, to.size_bytes(), cudaMemcpyDeviceToHost), "copying from the card");
    }

  private:
    T* p_ = nullptr;
    std::size_t size_ = 0;

    // Copies `rows` rows of `count` elements, which begin so many elements apart.
    static void copy_rows(T* to, std::size_t to_row, const T* from, std::size_t from_row, std::size_t rows,
                          std::size_t count, cudaMemcpyKind kind) {
        constexpr const char* what = "copying to or from the card";
        const std::size_t width = count * sizeof(T);
        if (std::max(to_row, from_row) * sizeof(T) <= INT32_MAX) {  // further apart a copy of rows may not be
            check(cudaMemcpy2D(to, to_row * sizeof(T), from, from_row * sizeof(T), width, rows, kind), what);
        } else {
            for (std::size_t r = 0; r < rows; ++r)
                check(cudaMemcpy(to + r * to_row, from + r * from_row, width, kind), what);
        }
    }
};

}  // namespace lnn::cuda

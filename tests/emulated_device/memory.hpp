// The device's memory: an arena that the host cannot touch, each allocation between two red zones, filled with NaN.
#pragma once

#include <cstddef>

namespace emulated {

// null where there is not so much
void* allocate(std::size_t bytes);
// false where nothing begins there
bool release(void*);
std::size_t free_bytes();

bool on_device(const void*);
// whether all of it lies within one allocation
bool is_allocated(const void*, std::size_t bytes);
// where the host sees this piece of the device's memory: for the runtime's own copies
char* behind(const void*);
bool is_behind(const void*);

// while it lives, kernels may use the memory
class Access {
  public:
    Access();
    ~Access();
    Access(const Access&) = delete;
    Access& operator=(const Access&) = delete;
};

// ends the process where a red zone was written to
void check_red_zones();

void forget_all();

}  // namespace emulated

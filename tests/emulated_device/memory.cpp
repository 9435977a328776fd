#include "memory.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <map>

#include "device.hpp"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, size) ((void)(p), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(p, size) ((void)(p), (void)(size))
#endif

namespace emulated {
namespace {

constexpr std::size_t zone = 256;  // bytes before and behind each allocation, whose starts are multiples of it
constexpr unsigned char nan_byte = 0xff, zone_byte = 0xa5;

// The same pages twice: where kernels have their addresses, closed to the host, and `behind`, for the runtime.
class Arena {
  public:
    Arena() : size_(dials().memory / zone * zone + 2 * zone) {
        const int file = memfd_create("emulated device", 0);
        if (file < 0 || ftruncate(file, off_t(size_)) != 0) fail("no memory for the device");
        front_ = map(file, PROT_NONE);
        behind_ = map(file, PROT_READ | PROT_WRITE);
        close(file);
    }
    char* front() const { return front_; }
    char* behind() const { return behind_; }
    std::size_t size() const { return size_; }
    void open(bool to_kernels) const { mprotect(front_, size_, to_kernels ? PROT_READ | PROT_WRITE : PROT_NONE); }

  private:
    std::size_t size_;
    char *front_, *behind_;

    char* map(int file, int protection) const {
        void* const at = mmap(nullptr, size_, protection, MAP_SHARED | MAP_NORESERVE, file, 0);
        if (at == MAP_FAILED) fail("no addresses for the device's memory");
        return static_cast<char*>(at);
    }
};

Arena& arena() {
    static Arena& made = *new Arena;
    return made;
}

std::map<std::size_t, std::size_t> taken;  // offset in the arena -> bytes
std::size_t taken_bytes = 0;
int users = 0;

std::size_t padded(std::size_t bytes) { return (bytes + zone - 1) / zone * zone; }

// of an allocation, with the bytes up to the next multiple
std::size_t zone_behind(std::size_t bytes) { return padded(bytes) - bytes + zone; }

void check_zones(std::size_t at, std::size_t bytes) {
    const auto* const p = reinterpret_cast<unsigned char*>(arena().behind() + at);
    for (std::size_t i = 0; i < zone; ++i)
        if (p[-1 - std::ptrdiff_t(i)] != zone_byte)
            fail("a kernel wrote before an allocation of " + std::to_string(bytes) + " bytes");
    for (std::size_t i = 0; i < zone_behind(bytes); ++i)
        if (p[bytes + i] != zone_byte)
            fail("a kernel wrote past the end of an allocation of " + std::to_string(bytes) + " bytes");
}

}  // namespace

void* allocate(std::size_t bytes) {
    if (bytes > free_bytes()) return nullptr;
    std::size_t at = zone;  // first fit
    for (const auto& [start, size] : taken) {
        if (at + padded(bytes) + zone <= start) break;
        at = start + padded(size) + zone;
    }
    if (at + padded(bytes) + zone > arena().size()) return nullptr;
    char* const behind = arena().behind() + at;
    std::memset(behind, nan_byte, bytes);
    std::memset(behind - zone, zone_byte, zone);
    std::memset(behind + bytes, zone_byte, zone_behind(bytes));
    ASAN_POISON_MEMORY_REGION(arena().front() + at - zone, zone);
    ASAN_UNPOISON_MEMORY_REGION(arena().front() + at, bytes);
    ASAN_POISON_MEMORY_REGION(arena().front() + at + bytes, zone_behind(bytes));
    taken[at] = bytes;
    taken_bytes += padded(bytes) + zone;
    return arena().front() + at;
}

bool release(void* p) {
    if (!on_device(p)) return false;
    const auto found = taken.find(std::size_t(static_cast<char*>(p) - arena().front()));
    if (found == taken.end()) return false;
    const auto [at, bytes] = *found;
    check_zones(at, bytes);
    std::memset(arena().behind() + at, nan_byte, bytes);  // who still reads it gets nothing
    ASAN_POISON_MEMORY_REGION(arena().front() + at, bytes);
    taken_bytes -= padded(bytes) + zone;
    taken.erase(found);
    return true;
}

std::size_t free_bytes() { return dials().memory > taken_bytes ? dials().memory - taken_bytes : 0; }

bool on_device(const void* p) {
    const auto* const at = static_cast<const char*>(p);
    return at >= arena().front() && at < arena().front() + arena().size();
}

bool is_behind(const void* p) {
    const auto* const at = static_cast<const char*>(p);
    return at >= arena().behind() && at < arena().behind() + arena().size();
}

bool is_allocated(const void* p, std::size_t bytes) {
    if (!on_device(p)) return false;
    const std::size_t at = std::size_t(static_cast<const char*>(p) - arena().front());
    auto next = taken.upper_bound(at);
    if (next == taken.begin()) return false;
    const auto& [start, size] = *--next;
    return at + bytes <= start + size;
}

char* behind(const void* p) { return arena().behind() + (static_cast<const char*>(p) - arena().front()); }

Access::Access() {
    if (users++ == 0) arena().open(true);
}
Access::~Access() {
    if (--users == 0) arena().open(false);
}

void check_red_zones() {
    for (const auto& [at, bytes] : taken) check_zones(at, bytes);
}

void forget_all() {
    taken.clear();
    taken_bytes = 0;
}

}  // namespace emulated

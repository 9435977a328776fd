// Preloaded, it makes one call of the program fail, as a system does that is full, broken or out of memory.
//
//   LNN_FAIL=KIND:N      the Nth call of that kind, from 1; kinds are the names in `kinds` below
//   LNN_FAIL_UNDER=PATH  counted are calls on this path or below it, and on files that were opened there; memory is
//                        counted from the first such file on, threads always; of close, those that end a writing
//   LNN_FAIL_REPORT=FILE how many calls of the kind there were, where they were fewer than N
//
// What the program starts runs without it.
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>

namespace {

enum Kind { open_, read_, write_, fsync_, close_, rename_, unlink_, mkdir_, ftruncate_, thread_, memory_, none };

struct {
    const char* name;
    int error;
} constexpr kinds[] = {{"open", EMFILE},   {"read", EIO},      {"write", ENOSPC}, {"fsync", EIO},
                       {"close", EIO},     {"rename", EIO},    {"unlink", EIO},   {"mkdir", ENOSPC},
                       {"ftruncate", EIO}, {"thread", EAGAIN}, {"memory", ENOMEM}};

Kind wanted = none;
long which = 0;
const char *under = "", *report = nullptr;
std::atomic<long> calls = 0;
std::atomic<bool> begun = false;  // a file was opened
enum Use : char { not_ours, read_too, written };
std::atomic<Use> ours[1024];  // descriptors of such files

template <class F>
F* next(F*, const char* name) {
    return reinterpret_cast<F*>(::dlsym(RTLD_NEXT, name));
}
#define NEXT(name) static const auto real = next(&::name, #name)

// counts a call; true, with errno, if this is the one
bool fails(Kind kind) {
    if (kind != wanted || ++calls != which) return false;
    errno = kinds[kind].error;
    return true;
}
bool is_under(const char* path) {
    const std::size_t size = std::strlen(under);
    return wanted != none && std::strncmp(path, under, size) == 0 && (path[size] == '/' || path[size] == '\0');
}
bool is_ours(int fd) { return fd >= 0 && fd < 1024 && ours[fd] != not_ours; }
bool is_there(int directory, const char* path) { return directory == AT_FDCWD ? is_under(path) : is_ours(directory); }
int opened(bool counted, int fd, int flags) {
    if (fd >= 0 && fd < 1024) ours[fd] = !counted ? not_ours : (flags & O_ACCMODE) == O_WRONLY ? written : read_too;
    if (counted) begun = true;
    return fd;
}

[[gnu::constructor]] void begin() {
    const char* fail = std::getenv("LNN_FAIL");
    under = std::getenv("LNN_FAIL_UNDER");
    report = std::getenv("LNN_FAIL_REPORT");
    ::unsetenv("LD_PRELOAD");
    const char* colon = fail ? std::strchr(fail, ':') : nullptr;
    if (!colon || !under) return;
    which = std::atol(colon + 1);
    for (int k = 0; k < none; ++k)
        if (std::string_view(fail, colon) == kinds[k].name) wanted = Kind(k);
}

[[gnu::destructor]] void end() {
    const long made = calls;
    if (wanted == none || made >= which || !report) return;
    wanted = none;
    if (std::FILE* file = std::fopen(report, "w")) {
        std::fprintf(file, "%ld\n", made);
        std::fclose(file);
    }
}

mode_t mode_of(int flags, std::va_list arguments) {
    return flags & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

void* allocate(std::size_t size, std::size_t alignment) {
    if (begun && fails(memory_)) return nullptr;
    return alignment ? std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment)
                     : std::malloc(size ? size : 1);
}

// as the library's own: a handler is asked first
void* required(void* memory) {
    if (!memory && std::get_new_handler()) std::get_new_handler()();
    if (!memory) throw std::bad_alloc();
    return memory;
}

}  // namespace

extern "C" {

#define OPEN(name)                                              \
    int name(const char* path, int flags, ...) {                \
        std::va_list arguments;                                 \
        va_start(arguments, flags);                             \
        const mode_t mode = mode_of(flags, arguments);          \
        va_end(arguments);                                      \
        NEXT(name);                                             \
        const bool counted = is_under(path);                    \
        if (counted && fails(open_)) return -1;                 \
        return opened(counted, real(path, flags, mode), flags); \
    }
#define OPENAT(name)                                                       \
    int name(int directory, const char* path, int flags, ...) {            \
        std::va_list arguments;                                            \
        va_start(arguments, flags);                                        \
        const mode_t mode = mode_of(flags, arguments);                     \
        va_end(arguments);                                                 \
        NEXT(name);                                                        \
        const bool counted = is_there(directory, path);                    \
        if (counted && fails(open_)) return -1;                            \
        return opened(counted, real(directory, path, flags, mode), flags); \
    }
#define FOPEN(name)                                        \
    std::FILE* name(const char* path, const char* mode) {  \
        NEXT(name);                                        \
        const bool counted = is_under(path);               \
        if (counted && fails(open_)) return nullptr;       \
        std::FILE* file = real(path, mode);                \
        if (file) opened(counted, ::fileno(file), O_RDWR); \
        return file;                                       \
    }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)
FOPEN(fopen)
FOPEN(fopen64)

ssize_t read(int fd, void* to, std::size_t size) {
    NEXT(read);
    return is_ours(fd) && fails(read_) ? -1 : real(fd, to, size);
}
ssize_t write(int fd, const void* from, std::size_t size) {
    NEXT(write);
    return is_ours(fd) && fails(write_) ? -1 : real(fd, from, size);
}
int fsync(int fd) {
    NEXT(fsync);
    return is_ours(fd) && fails(fsync_) ? -1 : real(fd);
}
// closed it is in any case, as on Linux
int close(int fd) {
    NEXT(close);
    const bool counted = is_ours(fd) && ours[fd] == written;
    if (is_ours(fd)) ours[fd] = not_ours;
    const int closed = real(fd);
    return counted && fails(close_) ? -1 : closed;
}
int ftruncate(int fd, off_t size) noexcept {
    NEXT(ftruncate);
    return is_ours(fd) && fails(ftruncate_) ? -1 : real(fd, size);
}
int rename(const char* from, const char* to) noexcept {
    NEXT(rename);
    return is_under(to) && fails(rename_) ? -1 : real(from, to);
}
int renameat2(int from_directory, const char* from, int to_directory, const char* to, unsigned flags) noexcept {
    NEXT(renameat2);
    return is_there(to_directory, to) && fails(rename_) ? -1 : real(from_directory, from, to_directory, to, flags);
}
int unlink(const char* path) noexcept {
    NEXT(unlink);
    return is_under(path) && fails(unlink_) ? -1 : real(path);
}
int unlinkat(int directory, const char* path, int flags) noexcept {
    NEXT(unlinkat);
    return is_there(directory, path) && fails(unlink_) ? -1 : real(directory, path, flags);
}
int mkdir(const char* path, mode_t mode) noexcept {
    NEXT(mkdir);
    return is_under(path) && fails(mkdir_) ? -1 : real(path, mode);
}
int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                   void* argument) noexcept {
    NEXT(pthread_create);
    return fails(thread_) ? EAGAIN : real(thread, attributes, start, argument);
}

}  // extern "C"

void* operator new(std::size_t size) { return required(allocate(size, 0)); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return allocate(size, 0); }
void* operator new(std::size_t size, std::align_val_t alignment) {
    return required(allocate(size, std::size_t(alignment)));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

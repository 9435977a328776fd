#include "files/atomic_file.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <thread>

#include "files/scratch.hpp"

namespace lnn {
namespace {
namespace fs = std::filesystem;

// bytes that text mode, C strings or a page boundary would spoil
std::string awkward(std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 + i / 251);
    return bytes;
}

TEST(AtomicFile, BytesComeBack) {
    const Scratch scratch;
    for (const std::size_t size : {0u, 1u, 4095u, 4096u, 4097u, 1234567u}) {
        write_file(scratch / "x", awkward(size), true);
        EXPECT_EQ(slurp(scratch / "x"), awkward(size));
        EXPECT_EQ(read_file(scratch / "x"), awkward(size));
    }
    EXPECT_EQ(count_entries(scratch.path()), 1) << "something was left beside the target";
}

TEST(AtomicFile, OverwritesOnlyWithForce) {
    const Scratch scratch;
    write_file(scratch / "x", "old", false);
    expect_error(Exit::usage, {(scratch / "x").string(), "--force"}, [&] { write_file(scratch / "x", "new", false); });
    EXPECT_EQ(slurp(scratch / "x"), "old");
    write_file(scratch / "x", "new", true);
    EXPECT_EQ(slurp(scratch / "x"), "new");
}

// a reader that opened the old file keeps it: it is replaced, not written into
TEST(AtomicFile, ReplacesWhole) {
    const Scratch scratch;
    write_file(scratch / "x", "old", false);
    std::ifstream reader(scratch / "x");
    write_file(scratch / "x", "newer", true);
    std::string seen;
    reader >> seen;
    EXPECT_EQ(seen, "old");
}

TEST(AtomicFile, FollowsASymbolicLink) {
    const Scratch scratch;
    spill(scratch / "file", "old");
    fs::create_symlink("file", scratch / "link");
    write_file(scratch / "link", "new", true);
    EXPECT_TRUE(fs::is_symlink(scratch / "link"));
    EXPECT_EQ(slurp(scratch / "file"), "new");
}

TEST(AtomicFile, LinksToNothingAreNoFreeNames) {
    const Scratch scratch;
    fs::create_symlink("absent", scratch / "dangling");
    fs::create_symlink("loop", scratch / "loop");
    for (const char* name : {"dangling", "loop"}) {
        expect_error(Exit::usage, {name, "symbolic link to nothing", "--force"},
                     [&] { write_file(scratch / name, "new", false); });
        EXPECT_TRUE(fs::is_symlink(scratch / name));
        write_file(scratch / name, "new", true);
        EXPECT_FALSE(fs::is_symlink(scratch / name));
        EXPECT_EQ(slurp(scratch / name), "new");
    }
    EXPECT_EQ(count_entries(scratch.path()), 2);
}

// write_synced names its file itself: what a stranger put there is not followed, and not written over
TEST(AtomicFile, FollowsNoPlantedLink) {
    const Scratch scratch;
    spill(scratch / "victim", "precious");
    fs::create_symlink("victim", scratch / "planted");
    for (const char* name : {"planted", "victim"})
        expect_error(Exit::file, {name, "File exists"}, [&] { write_synced(scratch / name, "x"); });
    EXPECT_EQ(slurp(scratch / "victim"), "precious");
}

TEST(AtomicFile, LongNames) {
    const Scratch scratch;
    const std::string name(250, 'x');
    write_file(scratch / name, "x", false);
    EXPECT_EQ(slurp(scratch / name), "x");
}

TEST(AtomicFile, ReadsNoMoreThanIsAllowed) {
    const Scratch scratch;
    spill(scratch / "x", "12345");
    EXPECT_EQ(read_file_up_to(5, scratch / "x"), "12345");
    expect_error(Exit::file, {"more than the 4 bytes"}, [&] { read_file_up_to(4, scratch / "x"); });
    expect_error(Exit::file, {"more than the 70000 bytes"}, [&] { read_file_up_to(70000, "/dev/zero"); });
}

TEST(AtomicFile, ModeFollowsTheUmask) {
    const Scratch scratch;
    const mode_t before = ::umask(027);
    write_file(scratch / "x", "x", false);
    ::umask(before);
    EXPECT_EQ(fs::status(scratch / "x").permissions(), static_cast<fs::perms>(0640));
}

TEST(AtomicFile, MissingAndDirectories) {
    const Scratch scratch;
    expect_error(Exit::file, {"cannot read", "absent", "No such file", "check the path"},
                 [&] { read_file(scratch / "absent"); });
    expect_error(Exit::file, {"cannot read", "Is a directory"}, [&] { read_file(scratch.path()); });
    expect_error(Exit::file, {"cannot write", "Is a directory"}, [&] { write_file(scratch.path(), "x", true); });
    expect_error(Exit::file, {"cannot write", "create the directory", (scratch / "absent").string() + " first"},
                 [&] { write_file(scratch / "absent" / "x", "x", false); });
    spill(scratch / "file", "");
    expect_error(Exit::file, {"cannot write", "Not a directory"},
                 [&] { write_file(scratch / "file" / "x", "x", false); });
    EXPECT_EQ(count_entries(scratch.path()), 1);
}

TEST(AtomicFile, NoPermission) {
    const Scratch scratch;
    spill(scratch / "secret", "x");
    fs::permissions(scratch / "secret", fs::perms::none);
    fs::permissions(scratch.path(), fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_exec);
    // root may do everything, so become nobody for a moment
    const bool root = ::geteuid() == 0;
    ASSERT_EQ(::seteuid(root ? 65534 : ::geteuid()), 0);
    expect_error(Exit::file, {"cannot read", "Permission denied", "permissions"},
                 [&] { read_file(scratch / "secret"); });
    expect_error(Exit::file, {"cannot write", "Permission denied", "permissions"},
                 [&] { write_file(scratch / "x", "x", false); });
    ASSERT_EQ(::seteuid(root ? 0 : ::geteuid()), 0);
    fs::permissions(scratch.path(), fs::perms::owner_all);
}

TEST(AtomicFile, WritesAPipeDirectly) {
    const Scratch scratch;
    ASSERT_EQ(::mkfifo((scratch / "pipe").c_str(), 0600), 0);
    std::string seen;
    std::thread reader([&] { seen = read_file(scratch / "pipe"); });
    write_file(scratch / "pipe", awkward(200000), false);
    reader.join();
    EXPECT_EQ(seen, awkward(200000));
    EXPECT_TRUE(fs::is_fifo(scratch / "pipe"));
}

// `lnn_gpu ... --out /dev/stdout >> file` goes where the shell has got to, and needs no --force
TEST(AtomicFile, WritesStandardOutputWhereItStands) {
    const Scratch scratch;
    spill(scratch / "out", "before ");
    std::fflush(stdout);  // of the test's own, which the child would write there
    ASSERT_TRUE(in_child([&] {
        ::dup2(::open((scratch / "out").c_str(), O_WRONLY | O_APPEND), STDOUT_FILENO);
        write_file("/dev/stdout", "one ", false);
        write_file("/dev/fd/1", "two", false);
        return 0;
    }));
    EXPECT_EQ(slurp(scratch / "out"), "before one two");
}

TEST(AtomicFile, FullDevice) {
    expect_error(Exit::file, {"cannot write /dev/full", "No space left", "free some space"},
                 [] { write_file("/dev/full", "x", false); });
    EXPECT_TRUE(fs::is_character_file("/dev/full"));
}

// a write that stops in the middle: the old file stays, nothing is left beside it
TEST(AtomicFile, NothingHalfWritten) {
    const Scratch scratch;
    spill(scratch / "x", "old");
    EXPECT_TRUE(in_child([&] {
        ::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{8192, 8192};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        expect_error(Exit::file, {"cannot write", (scratch / "x").string() + ":", "File too large"},
                     [&] { write_file(scratch / "x", awkward(100000), true); });
        return ::testing::Test::HasFailure() ? 1 : 0;
    }));
    EXPECT_EQ(slurp(scratch / "x"), "old");
    EXPECT_EQ(count_entries(scratch.path()), 1);
}

TEST(AtomicFile, FullDisk) {
    const Scratch scratch;
    const auto mount_small_disk = [&] {
        return ::unshare(CLONE_NEWNS) == 0 && ::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
               ::mount("tmpfs", scratch.path().c_str(), "tmpfs", 0, "size=64k") == 0;
    };
    if (!in_child([&] { return mount_small_disk() ? 0 : 1; }))
        LNN_SKIP_OR_FAIL("LNN_REQUIRE_MOUNT", "no permission to mount a small disk");
    EXPECT_TRUE(in_child([&] {
        if (!mount_small_disk()) return 1;
        write_file(scratch / "x", "old", false);
        expect_error(Exit::file, {"cannot write", (scratch / "x").string() + ":", "No space left", "free some space"},
                     [&] { write_file(scratch / "x", awkward(100000), true); });
        EXPECT_EQ(slurp(scratch / "x"), "old");
        EXPECT_EQ(count_entries(scratch.path()), 1);
        return ::testing::Test::HasFailure() ? 1 : 0;
    }));
}

TEST(Directory, ThatCannotBeReadIsNoneThatIsNotThere) {
    const Scratch scratch;
    spill(scratch / "x", "");
    EXPECT_EQ(entries_of(scratch.path()).size(), 1u);
    EXPECT_TRUE(entries_of(scratch / "absent").empty());
    EXPECT_TRUE(entries_of(scratch / "x").empty());
    expect_error(Exit::file, {"cannot read", "File name too long"},
                 [&] { entries_of(scratch / std::string(300, 'x')); });
}

TEST(Directory, WhatKilledWritersLeft) {
    const Scratch scratch;
    const std::string end = ".0123456789abcdef.tmp", name(250, 'x');
    const std::string others[] = {".x.1.tmp", ".x.y.tmp", ".swp.tmp", ".x.0123456789abcdef", ".x.0123456789abcdeg.tmp",
                                  "x" + end,  "x"};
    for (const std::string& other : others) spill(scratch / other, "");
    fs::create_directory(scratch / (".mine" + end));
    for (const char* begin : {".x", ".x.y", ".xy"}) spill(scratch / (begin + end), "");
    spill(scratch / ("." + name.substr(0, 200) + end), "");
    remove_unfinished(scratch.path(), "x");
    remove_unfinished(scratch.path(), name);
    EXPECT_FALSE(fs::exists(scratch / (".x" + end)));
    EXPECT_EQ(count_entries(scratch.path()), std::size(others) + 3);
    remove_unfinished(scratch.path());
    EXPECT_EQ(count_entries(scratch.path()), std::size(others) + 1);
}

}  // namespace
}  // namespace lnn

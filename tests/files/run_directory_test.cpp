#include "files/run_directory.hpp"

#include <signal.h>

#include "files/scratch.hpp"

namespace lnn {
namespace {
namespace fs = std::filesystem;

TEST(RunDirectory, NumbersFreshOnes) {
    const Scratch scratch;
    const fs::path before = fs::current_path();
    fs::current_path(scratch.path());
    EXPECT_EQ(RunDirectory::create("", false).path(), "runs/0001");
    EXPECT_EQ(RunDirectory::create("", false).path(), "runs/0002");
    fs::create_directory("runs/0041");
    fs::create_directory("runs/0099-notes");
    EXPECT_EQ(RunDirectory::create("", false).path(), "runs/0042");
    fs::create_directory("runs/12345");
    EXPECT_EQ(RunDirectory::create("", false).path(), "runs/12346");
    fs::current_path(before);
}

TEST(RunDirectory, CreatesItsParents) {
    const Scratch scratch;
    EXPECT_TRUE(fs::is_directory(RunDirectory::create(scratch / "a/b/run", false).path()));
    spill(scratch / "file", "");
    expect_error(Exit::file, {"file", "Not a directory"}, [&] { RunDirectory::create(scratch / "file", false); });
}

TEST(RunDirectory, TwoProcessesContend) {
    const Scratch scratch;
    const fs::path run = scratch / "run";
    const auto in_use = [&] {
        expect_error(Exit::usage, {run.string(), "in use by another process"},
                     [&] { RunDirectory::create(run, true); });
        try {
            RunDirectory::open(run);
            ADD_FAILURE() << "nothing refused";
        } catch (const Error& error) {
            EXPECT_EQ(error.exit(), Exit::usage);
            EXPECT_EQ(error.what(), run.string() + " is in use by another process; wait for it to end");  // no --out
        }
        return ::testing::Test::HasFailure() ? 1 : 0;
    };
    {
        const RunDirectory held = RunDirectory::create(run, false);
        spill(run / "config.toml", "seed = 1");
        spill(run / "run.json", "{}");
        EXPECT_TRUE(in_child(in_use));
        EXPECT_EQ(slurp(run / "config.toml"), "seed = 1") << "--force reached into a run in use";
    }
    EXPECT_TRUE(in_child([&] { return RunDirectory::open(run).path() == run ? 0 : 1; })) << "the lock was not let go";
}

TEST(RunDirectory, LockDiesWithItsProcess) {
    const Scratch scratch;
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const RunDirectory held = RunDirectory::create(scratch / "run", false);
        if (::write(ready[1], "x", 1) == 1) ::pause();
        ::_exit(1);
    }
    char byte;
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    expect_error(Exit::usage, {"in use"}, [&] { RunDirectory::create(scratch / "run", false); });
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    EXPECT_NO_THROW(RunDirectory::create(scratch / "run", false));
    ::close(ready[0]);
    ::close(ready[1]);
}

TEST(RunDirectory, ReplacesOnlyWithForce) {
    const Scratch scratch;
    const fs::path run = scratch / "run";
    const auto make = [&](const std::string& status) {
        RunDirectory::create(run, true);
        spill(run / "run.json", "{\"status\": \"" + status + "\"}");
        spill(run / "config.toml", "");
        spill(run / "notes.txt", "mine");
        fs::create_directories(run / "checkpoints/step-1");
    };
    make("running");
    expect_error(Exit::usage, {run.string(), "unfinished run", "--resume " + run.string(), "--force"},
                 [&] { RunDirectory::create(run, false); });
    make("complete");
    expect_error(Exit::usage, {run.string(), "complete run", "--force"}, [&] { RunDirectory::create(run, false); });
    EXPECT_TRUE(fs::exists(run / "checkpoints/step-1"));
    fs::remove(run / "config.toml");  // without which nothing goes on
    expect_error(Exit::usage, {run.string(), "killed", "--force"}, [&] { RunDirectory::create(run, false); });

    RunDirectory::create(run, true);
    EXPECT_FALSE(fs::exists(run / "checkpoints"));
    EXPECT_FALSE(fs::exists(run / "run.json"));
    EXPECT_EQ(slurp(run / "notes.txt"), "mine");
    EXPECT_NO_THROW(RunDirectory::create(run, false)) << "foreign files do not make a run";
}

// a directory with a data/ of its own, such as a project's root, is not emptied even with --force
TEST(RunDirectory, LeavesOtherDirectoriesAlone) {
    const Scratch scratch;
    fs::create_directory(scratch / "data");
    spill(scratch / "data/mine.csv", "x");
    spill(scratch / ".lock", "");  // other programs have one, too
    for (const bool force : {false, true, true})
        expect_error(Exit::usage, {scratch.path().string(), "not a run directory", "data", "another --out"},
                     [&] { RunDirectory::create(scratch.path(), force); });
    EXPECT_EQ(slurp(scratch / "data/mine.csv"), "x");
}

TEST(RunDirectory, OpensOnlyRuns) {
    const Scratch scratch;
    expect_error(Exit::file, {"absent", "not a run directory"}, [&] { RunDirectory::open(scratch / "absent"); });
    expect_error(Exit::file, {"not a run directory"}, [&] { RunDirectory::open(scratch.path()); });
    EXPECT_EQ(count_entries(scratch.path()), 0);
    // a directory of another program, with a config.toml of its own, is not touched
    const fs::path left = scratch / ".config.toml.0123456789abcdef.tmp";
    spill(scratch / "config.toml", "mine");
    spill(left, "mine");
    expect_error(Exit::file, {"not a run directory", "run.json"}, [&] { RunDirectory::open(scratch.path()); });
    EXPECT_EQ(count_entries(scratch.path()), 2);
    spill(scratch / "run.json", "{}");
    RunDirectory::open(scratch.path());
    EXPECT_FALSE(fs::exists(left));
}

// a page is made again where a run is, and clears away what a killed writer left there
TEST(RunDirectory, PagesAreMadeInRuns) {
    const Scratch scratch;
    spill(scratch / "report.html", "mine");
    expect_error(Exit::file, {"neither a run nor a sweep"}, [&] { RunDirectory::try_open(scratch.path()); });
    spill(scratch / "run.json", "{}");
    fs::create_directory(scratch / "figures");
    const fs::path left = scratch / "figures/.loss.svg.0123456789abcdef.tmp";
    spill(left, "");
    const auto held = RunDirectory::try_open(scratch.path());
    EXPECT_TRUE(held);
    EXPECT_FALSE(fs::exists(left));
    spill(left, "");
    EXPECT_FALSE(RunDirectory::try_open(scratch.path()));  // of one who is at work
    EXPECT_TRUE(fs::exists(left));
}

TEST(RunDirectory, Words) {
    const Scratch scratch;
    fs::create_directories(scratch / "unreadable/run.json");
    EXPECT_EQ(run_word(scratch / "unreadable", "status"), "");
    EXPECT_EQ(run_word(scratch.path(), "status"), "");
    for (const char* text : {"", "{", "[]", "3", "{}", "{\"status\": 3}"}) {
        spill(scratch / "run.json", text);
        EXPECT_EQ(run_word(scratch.path(), "status"), "") << text;
    }
    spill(scratch / "run.json", "{\"status\": \"complete\"}");
    EXPECT_EQ(run_word(scratch.path(), "status"), run_complete);
}

TEST(RunDirectory, SaysHowToGoOn) {
    const Scratch scratch;
    const std::string run = scratch.path().string();
    EXPECT_EQ(resume_command(run), "lnn_gpu train --resume " + run);
    spill(scratch / "run.json", "{\"command\": \"sweep\"}");
    EXPECT_EQ(resume_command(run), "lnn_gpu sweep --resume " + run);
}

}  // namespace
}  // namespace lnn

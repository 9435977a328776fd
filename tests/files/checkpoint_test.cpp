#include "files/checkpoint.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#include <cmath>

#include "files/scratch.hpp"

namespace lnn {
namespace {
namespace fs = std::filesystem;

Checkpoint at_step(int step) {
    return {checkpoint_name(step),
            {{"step", step}, {"loss", 0.1 * step}, {"seed", 18446744073709551615u}},
            {{"fc1.weight", {1, 2}, false, {1.0 * step, 2}}},
            {{"first", {2}, true, {0.1, step / 3.0}}},
            {{"layers", "2,1"}}};
}

fs::path directory_of(const Scratch& run, int step) { return run / "checkpoints" / checkpoint_name(step); }

std::vector<std::string> names(std::initializer_list<int> steps) {
    std::vector<std::string> list;
    for (const int step : steps) list.push_back(checkpoint_name(step));
    return list;
}

TEST(Checkpoint, RoundTrip) {
    const Scratch run;
    EXPECT_FALSE(latest_checkpoint(run.path()));
    write_checkpoint(run.path(), at_step(3), 3, "");
    const auto back = latest_checkpoint(run.path());
    ASSERT_TRUE(back);
    EXPECT_EQ(back->name, "step-000000000003");
    EXPECT_EQ(back->state, at_step(3).state);
    EXPECT_EQ(back->model_metadata, at_step(3).model_metadata);
    EXPECT_EQ(back->model.at(0).values, at_step(3).model[0].values);
    EXPECT_EQ(back->optimizer.at(0).values, at_step(3).optimizer[0].values);
    EXPECT_EQ(count_entries(directory_of(run, 3)), 4);
}

TEST(Checkpoint, NamesSort) {
    EXPECT_EQ(checkpoint_name(51200), "step-000000051200");
    EXPECT_LT(checkpoint_name(9), checkpoint_name(10));
    EXPECT_LT(checkpoint_name(99999), checkpoint_name(100000));
}

TEST(Checkpoint, KeepsTheLastAndTheBest) {
    const Scratch run;
    for (int step = 1; step <= 9; ++step)
        write_checkpoint(run.path(), at_step(step), 3, step >= 2 ? checkpoint_name(2) : "");
    EXPECT_EQ(checkpoint_names(run.path()), names({2, 7, 8, 9}));
    write_checkpoint(run.path(), at_step(10), 1, checkpoint_name(8));
    EXPECT_EQ(checkpoint_names(run.path()), names({8, 10}));
    write_checkpoint(run.path(), at_step(11), 0, "");
    EXPECT_EQ(checkpoint_names(run.path()), names({11})) << "the one just written stays";
    EXPECT_EQ(count_entries(run / "checkpoints"), 1);
}

// what a writer killed before it came to it leaves
TEST(Checkpoint, PrunesWithoutWriting) {
    const Scratch run;
    for (int step = 1; step <= 6; ++step) write_checkpoint(run.path(), at_step(step), 9, "");
    prune_checkpoints(run.path(), 2, checkpoint_name(6), checkpoint_name(3));
    EXPECT_EQ(checkpoint_names(run.path()), names({3, 5, 6}));
    EXPECT_EQ(count_entries(run / "checkpoints"), 3);
}

TEST(Checkpoint, ReplacesItsOwnName) {
    const Scratch run;
    write_checkpoint(run.path(), at_step(1), 3, "");
    Checkpoint again = at_step(1);
    again.state["loss"] = 42;
    write_checkpoint(run.path(), again, 3, "");
    EXPECT_EQ(latest_checkpoint(run.path())->state["loss"], 42);
    EXPECT_EQ(count_entries(run / "checkpoints"), 1);
}

// a writer killed before each of its steps: what it left is not seen, and is gone after the next write
TEST(Checkpoint, TornWritersAreIgnored) {
    const char* const files[] = {"model.safetensors", "optimizer.safetensors", "state.json", "DONE"};
    for (std::size_t written = 0; written <= std::size(files); ++written) {
        const Scratch run;
        write_checkpoint(run.path(), at_step(1), 3, "");
        write_checkpoint(run.path(), at_step(2), 3, "");
        const fs::path left = run / "checkpoints/.step-000000000002.tmp";
        fs::rename(directory_of(run, 2), left);
        for (std::size_t i = written; i < std::size(files); ++i) fs::remove(left / files[i]);
        if (written > 0 && written < std::size(files)) fs::resize_file(left / files[written - 1], 1);
        spill(left / "stale", "x");

        EXPECT_EQ(checkpoint_names(run.path()), names({1}));
        EXPECT_EQ(latest_checkpoint(run.path())->state["step"], 1);
        write_checkpoint(run.path(), at_step(2), 3, "");
        EXPECT_EQ(checkpoint_names(run.path()), names({1, 2}));
        EXPECT_EQ(latest_checkpoint(run.path())->state["step"], 2);
        EXPECT_FALSE(fs::exists(left));
        EXPECT_EQ(count_entries(directory_of(run, 2)), 4);
    }
}

TEST(Checkpoint, WithoutDoneIsNone) {
    const Scratch run;
    write_checkpoint(run.path(), at_step(1), 3, "");
    write_checkpoint(run.path(), at_step(2), 3, "");
    fs::remove(directory_of(run, 2) / "DONE");
    EXPECT_EQ(latest_checkpoint(run.path())->state["step"], 1);
    write_checkpoint(run.path(), at_step(2), 3, "");
    EXPECT_EQ(latest_checkpoint(run.path())->state["step"], 2);
    EXPECT_EQ(count_entries(run / "checkpoints"), 2);
}

// killed at random moments: the newest checkpoint is whole, and never older than what was reported as written
TEST(Checkpoint, SurvivesKill) {
    const Scratch run;
    int last = 0;
    for (int round = 0; round < 30; ++round) {
        int report[2];
        ASSERT_EQ(::pipe(report), 0);
        const pid_t child = ::fork();
        if (child == 0) {
            for (int step = last + 1;; ++step) {
                write_checkpoint(run.path(), at_step(step), 2, "");
                if (::write(report[1], &step, sizeof step) != sizeof step) ::_exit(1);
            }
        }
        ::close(report[1]);
        int reported = last;
        for (int i = 0; i <= round % 3; ++i)
            ASSERT_EQ(::read(report[0], &reported, sizeof reported), int(sizeof reported));
        ::usleep(static_cast<useconds_t>(97 * round));
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        while (::read(report[0], &reported, sizeof reported) > 0) continue;
        ::close(report[0]);

        for (const std::string& name : checkpoint_names(run.path())) EXPECT_NO_THROW(read_checkpoint(run.path(), name));
        const auto latest = latest_checkpoint(run.path());
        ASSERT_TRUE(latest);
        last = latest->state["step"];
        EXPECT_GE(last, reported);
    }
}

TEST(Checkpoint, DamagedFilesAreNamed) {
    const Scratch run;
    write_checkpoint(run.path(), at_step(1), 3, "");
    const fs::path directory = directory_of(run, 1);
    const std::string mend = "remove " + directory.string();
    const auto damaged = [&](const std::string& file, auto damage) {
        const std::string before = slurp(directory / file);
        damage(directory / file);
        expect_error(Exit::file, {(directory / file).string(), mend}, [&] { latest_checkpoint(run.path()); });
        spill(directory / file, before);
    };
    for (const char* file : {"model.safetensors", "optimizer.safetensors", "state.json"}) {
        damaged(file, [](const fs::path& path) { fs::resize_file(path, fs::file_size(path) / 2); });
        damaged(file, [](const fs::path& path) { fs::remove(path); });
    }
    EXPECT_TRUE(latest_checkpoint(run.path()));
}

// though every number of it is still one
TEST(Checkpoint, AFlippedBitIsFound) {
    const Scratch run;
    write_checkpoint(run.path(), at_step(1), 3, "");
    write_checkpoint(run.path(), at_step(2), 3, "");
    const fs::path directory = directory_of(run, 2);
    for (const char* file : {"model.safetensors", "optimizer.safetensors", "state.json", "DONE"}) {
        const std::string before = slurp(directory / file);
        for (std::size_t i = 0; i < before.size(); ++i) {
            std::string flipped = before;
            flipped[i] ^= 1;
            spill(directory / file, flipped);
            expect_error(Exit::file, {directory.string(), "remove " + directory.string()},
                         [&] { latest_checkpoint(run.path()); });
        }
        spill(directory / file, before);
    }
    EXPECT_EQ(latest_checkpoint(run.path())->state["step"], 2);
}

TEST(Checkpoint, WithoutChecksumsIsDamaged) {
    const Scratch run;
    write_checkpoint(run.path(), at_step(1), 3, "");
    spill(directory_of(run, 1) / "DONE", "");
    expect_error(Exit::file, {"its checksum is not that in DONE", "remove "}, [&] { latest_checkpoint(run.path()); });
}

TEST(Checkpoint, RefusesNonFinite) {
    const Scratch run;
    const auto written = [&](auto spoil, std::initializer_list<std::string> parts) {
        Checkpoint checkpoint = at_step(1);
        spoil(checkpoint);
        expect_error(Exit::file, parts, [&] { write_checkpoint(run.path(), checkpoint, 3, ""); });
    };
    written([](Checkpoint& c) { c.state["best"]["loss"] = INFINITY; }, {"state.json", "/best/loss", "inf"});
    written([](Checkpoint& c) { c.model[0].values[1] = NAN; },
            {"step-000000000001/model.safetensors", "fc1.weight", "nan"});
    written([](Checkpoint& c) { c.optimizer[0].values[0] = INFINITY; }, {"optimizer.safetensors", "first"});
    EXPECT_EQ(count_entries(run / "checkpoints"), 0);
}

TEST(Checkpoint, FullDiskKeepsTheOldOne) {
    const Scratch run;
    write_checkpoint(run.path(), at_step(1), 1, "");
    EXPECT_TRUE(in_child([&] {
        ::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{4096, 4096};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        Checkpoint large = at_step(2);
        large.optimizer = {{"first", {10000}, true, std::vector<double>(10000, 1)}};
        expect_error(Exit::file, {"cannot write", "optimizer.safetensors", "File too large"},
                     [&] { write_checkpoint(run.path(), large, 1, ""); });
        return ::testing::Test::HasFailure() ? 1 : 0;
    }));
    EXPECT_EQ(count_entries(run / "checkpoints"), 1);
    EXPECT_EQ(latest_checkpoint(run.path())->state["step"], 1);
}

}  // namespace
}  // namespace lnn

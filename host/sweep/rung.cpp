#include "sweep/rung.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "problem/backends.hpp"
#include "problem/problem.hpp"
#include "sweep/directory.hpp"
#include "sweep/piece.hpp"
#include "terminal/progress.hpp"
#include "terminal/signals.hpp"

namespace lnn {

namespace {

constexpr std::size_t card_models = 1024;  // of a piece on a card; on the CPU a thread takes one at a time

// train_piece on `most` models at once, which keep(models) gets; where the device has no memory for so many, half of them
// from then on. False where a stop was asked for.
template <class Keep>
bool train_as_fits(Backend& backend, const Plan& plan, int rung, std::span<const std::int64_t> ids, std::size_t& most,
                   const Talk& talk, Keep&& keep) {
    while (!ids.empty()) {
        const auto some = ids.first(std::min(most, ids.size()));
        try {
            const auto models = train_piece(backend, plan, rung, some);
            if (!models) return false;
            keep(*models);
            ids = ids.subspan(some.size());
        } catch (const OutOfDeviceMemory& error) {
            if (some.size() == 1) throw;
            most = some.size() / 2;
            talk.say("out of device memory: going on with {} models at once", most);
        }
    }
    return true;
}

}  // namespace

bool train_rung(const Plan& plan, int rung, const std::vector<std::int64_t>& wanted, const std::filesystem::path& path,
                Backend& backend, const Options& options) {
    std::set<std::int64_t> done;
    for (const Row& row : read_pieces(path, plan))
        if (row.rung == rung) done.insert(row.id);
    std::vector<std::int64_t> ids;
    std::copy_if(wanted.begin(), wanted.end(), std::back_inserter(ids),
                 [&](std::int64_t id) { return !done.contains(id); });
    const BackendInfo info = backend.info();
    const bool card = info.name != "cpu";
    std::size_t most = card ? card_models : 1;
    const auto jobs = pieces(plan, ids, most);
    const int workers = card ? 1 : int(std::clamp<std::size_t>(jobs.size(), 1, std::size_t(info.threads)));
    make_places(path);
    Progress progress("sweep", "models", std::int64_t(ids.size()), options.talk().bars);
    std::mutex mutex;
    std::exception_ptr error;
    std::int64_t trained = 0;
    std::atomic<std::size_t> next = 0;
    const auto keep = [&](const std::vector<TrainedModel>& models) {
        std::vector<Row> rows;
        for (const auto& [row, network] : models) {
            if (!row.failed())
                write_safetensors(model_path(path, row.id),
                                  network_file(network, problem_of(plan.config(row.id)).f64_weights), true);
            rows.push_back(row);
        }
        write_piece(path, rows);
        const std::lock_guard lock(mutex);
        progress.show(trained += std::int64_t(models.size()));
    };
    const auto take = [&](Backend& own) {
        for (std::size_t j; (j = next++) < jobs.size();) {
            std::size_t together = card ? most : 1;  // the threads of the CPU share nothing that changes
            if (!train_as_fits(own, plan, rung, jobs[j], together, options.talk(), keep)) return;
            if (card) most = together;
            if (stop_requested() != Stop::none) return;
        }
    };
    if (card) {
        take(backend);
    } else {
        const auto work = [&] {
            try {
                BackendOptions one;
                one.threads = std::max(1, info.threads / workers);
                one.isa = info.isa;
                one.fewer_threads = say_fewer_threads;
                take(*make_cpu_backend(one));
            } catch (...) {  // out of a thread nothing may be thrown
                const std::lock_guard lock(mutex);
                if (!error) error = std::current_exception();
                next = jobs.size();
            }
        };
        std::vector<std::jthread> others;  // this thread is a worker too, so there is one whatever the system refuses
        try {
            others.reserve(std::size_t(workers));
            for (int w = 1; w < workers; ++w) others.emplace_back(work);
        } catch (const std::exception&) {  // no thread, or no memory for one
            say_fewer_threads(workers - 1 - int(others.size()), workers);
        }
        work();
    }
    progress.finish();
    if (error) std::rethrow_exception(error);
    if (trained < std::int64_t(ids.size()))
        options.talk().say(
            "stopped with {} of {} models to do{}; go on with: {}", std::int64_t(ids.size()) - trained, wanted.size(),
            plan.rungs() > 1 ? fmt::format(" on rung {} of {}", rung + 1, plan.rungs()) : "", resume_command(path));
    return trained == std::int64_t(ids.size());
}

}  // namespace lnn

#include "sweep/halving.hpp"

#include <algorithm>
#include <iterator>
#include <type_traits>

namespace lnn {

void share_of_rung(Config::Train& train, int rung, int rungs) {
    const std::int64_t parts = std::int64_t(1) << (rungs - 1 - rung);
    const auto share = [&](auto& count) {
        if (count > 0) count = std::max<std::remove_cvref_t<decltype(count)>>(1, count / parts);
    };
    share(train.steps), share(train.epochs), share(train.lm.iterations);
}

std::vector<std::int64_t> better_half(const std::vector<Row>& rows, int rung) {
    std::vector<Row> there;
    std::copy_if(rows.begin(), rows.end(), std::back_inserter(there), [&](const Row& row) { return row.rung == rung; });
    const std::vector<Row> best = ranked(there);
    std::vector<std::int64_t> ids;
    for (std::size_t k = 0; k < std::min(best.size(), (there.size() + 1) / 2); ++k) ids.push_back(best[k].id);
    std::sort(ids.begin(), ids.end());
    return ids;
}

}  // namespace lnn

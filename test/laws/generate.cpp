// SPDX-License-Identifier: MIT
// Compiled once for all laws: RapidCheck takes long to compile.
#include "generate.hpp"

#include <cstddef>
#include <cstdlib>
#include <string>
#include <utility>

namespace law {

void holds(const char* law, const std::function<void()>& f) {
    static const bool ready = [] {
        const char* given = std::getenv("RC_PARAMS");
        std::string parameters = given != nullptr ? given : "seed=1";
        if (parameters.find("max_success") == std::string::npos) parameters += " max_success=60";
        return ::setenv("RC_PARAMS", parameters.c_str(), 1) == 0;
    }();
    if (!ready || !rc::check(law, f)) ADD_FAILURE() << law;
}

template <class T>
T any(T low, T high) {
    return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(low, high));
}
template int any(int, int);
template std::uint64_t any(std::uint64_t, std::uint64_t);

std::vector<int> Size::lengths() const {
    return *rc::gen::resize(rc::kNominalSize,
                            rc::gen::container<std::vector<int>>(std::size_t(batch), rc::gen::inRange(0, steps + 1)));
}
std::vector<int> Size::order() const {
    std::vector<int> all(std::size_t(batch), 0);
    for (std::size_t k = 0; k < all.size(); ++k) all[k] = int(k);
    for (std::size_t left = all.size(); left > 1; --left) std::swap(all[left - 1], all[any<std::uint64_t>(0, left)]);
    return all;
}

} // namespace law

// SPDX-License-Identifier: MIT
#pragma once

#include "options.hpp"
#include "run_files.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace common {

/// Options of an example that trains several networks, each with its own files: NAME-NETWORK.
///
/// Errors  --load, --save or --resume, which apply to one network, without --only, which selects the network.
struct NetworksOptions : Options {
    std::string only;

    void add(CommandLine& app, std::int64_t default_epochs, const std::vector<std::string>& networks) {
        Options::add(app, default_epochs);
        const CommandOption choice =
            app.add("--only", only, "this network alone; --load, --save and --resume are of one network and need it")
                .check(one_of(networks));
        for (const char* of_one : {"--load", "--save", "--resume"}) app.option(of_one).needs(choice);
    }

    bool wants(const std::string& network) const { return only.empty() || only == network; }
    Options of(const std::string& network) const {
        Options one = *this;
        one.name += '-' + network;
        return one;
    }
    /// Rejects files of any network that cannot be written, before the first network is trained.
    void check_files(const std::vector<std::string>& networks) const {
        for (const std::string& network : networks)
            if (wants(network)) {
                const Options one = of(network);
                RunFiles{one, {}}.check(0);
            }
    }
};

} // namespace common

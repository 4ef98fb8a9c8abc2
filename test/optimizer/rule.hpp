// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/backend/eigen/backend.hpp>
#include <rondo/core/random.hpp>
#include <rondo/optimizer/concept.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

/// Parameters that a rule moves, with its memory.
template <class S, class Rule>
struct Moved {
    Rule rule;
    rondo::Buffer<S> p, g;
    std::array<rondo::Buffer<S>, std::size_t(Rule::memories)> memory;
    std::int64_t steps = 0;
    rondo::EigenBackend<S> backend;

    Moved(Rule r, std::size_t size) : rule{r}, p(rondo::padded(size)), g(p.size()) {
        for (auto& m : memory) m.resize(p.size());
    }
    void step(double factor = 1) {
        std::array<S*, std::size_t(Rule::memories)> pointers;
        for (std::size_t k = 0; k < memory.size(); ++k) pointers[k] = memory[k].data();
        rule.step(backend, rondo::Update<S>{p.data(), g.data(), pointers.data(), p.size(), ++steps, factor});
    }
};

/// One parameter from 1 on, after each of the gradients: in float and in double.
template <class Rule>
void expect_path(const Rule& rule, const std::vector<double>& gradients, const std::vector<double>& expected) {
    static_assert(rondo::Optimizer<Rule, rondo::EigenBackend<float>> &&
                  rondo::Optimizer<Rule, rondo::EigenBackend<double>>);
    ASSERT_EQ(gradients.size(), expected.size());
    EXPECT_FALSE(rule.problem()) << rule.problem().message;
    const auto path = [&]<class S>(S) {
        Moved<S, Rule> all{rule, 1};
        all.p[0] = 1;
        for (std::size_t k = 0; k < gradients.size(); ++k) {
            all.g[0] = S(gradients[k]);
            all.step();
            EXPECT_NEAR(all.p[0], expected[k], 4 * double(std::numeric_limits<S>::epsilon())) << "step " << k + 1;
        }
    };
    path(0.0);
    path(0.0f);
}

/// Each parameter moves by itself, as one alone would, and padding stays zero, for sizes that do not divide a vector;
/// half the rate, by the rule or by the schedule, is the same.
template <class Rule>
void expect_elementwise(const Rule& rule) {
    const rondo::RandomStream draw{rondo::Seed{6}, rondo::Purpose::user};
    const auto moves = [&]<class S>(S) {
        for (const std::size_t size : {1u, 3u, 5u, 20u, 33u}) {
            Rule half = rule;
            half.rate /= 2;
            Moved<S, Rule> all{rule, size}, halved{rule, size}, other{half, size};
            std::vector<Moved<S, Rule>> alone(size, Moved<S, Rule>{rule, 1});
            for (std::size_t k = 0; k < size; ++k)
                halved.p[k] = other.p[k] = all.p[k] = alone[k].p[0] = S(draw.normal(k));
            for (std::uint32_t t = 1; t <= 5; ++t) {
                for (std::size_t k = 0; k < size; ++k) {
                    halved.g[k] = other.g[k] = all.g[k] = alone[k].g[0] = S(draw.normal(k, t));
                    alone[k].step();
                }
                all.step();
                halved.step(0.5);
                other.step();
            }
            for (std::size_t k = 0; k < all.p.size(); ++k) EXPECT_EQ(all.p[k], k < size ? alone[k].p[0] : S(0));
            EXPECT_EQ(halved.p, other.p);
            EXPECT_NE(halved.p, all.p);
        }
    };
    moves(0.0);
    moves(0.0f);
}

inline void expect_problem(const auto& rule, const std::string& message) {
    EXPECT_EQ(rule.problem(), (rondo::Error{rondo::Error::Kind::argument, message}));
}
inline constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN(),
                        infinite = std::numeric_limits<double>::infinity();

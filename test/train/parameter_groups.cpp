// SPDX-License-Identifier: MIT
// Groups of parameters: what rules do with them, what is frozen, and what is refused.
#include <rondo/optimizer/parameter_groups.hpp>

#include "letters_fit.hpp"

#include <rondo/layer/batch_norm.hpp>
#include <rondo/layer/norm.hpp>
#include <rondo/loss/mean_squared_error.hpp>
#include <rondo/model/tied.hpp>
#include <rondo/optimizer/adagrad.hpp>
#include <rondo/optimizer/lion.hpp>
#include <rondo/optimizer/nadam.hpp>
#include <rondo/optimizer/radam.hpp>
#include <rondo/optimizer/rmsprop.hpp>
#include <rondo/optimizer/sgd.hpp>
#include <rondo/train/checkpoint.hpp>

#include <laws/batch.hpp>
#include <support/failure.hpp>
#include <support/folder.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace parameter_groups_test {

using namespace fit_test;
using law::differing;
using Role = ParameterSpec::Role;

TEST(ParameterGroups, MatchNames) {
    for (const auto& [pattern, text] : std::vector<std::array<const char*, 2>>{{"", ""},
                                                                               {"*", ""},
                                                                               {"*", "a.b"},
                                                                               {"a", "a"},
                                                                               {"a*", "a"},
                                                                               {"a*", "abc"},
                                                                               {"*c", "abc"},
                                                                               {"a*c", "abbc"},
                                                                               {"a?c", "abc"},
                                                                               {"*bias*", "lstm.bias_ih_l0"},
                                                                               {"*a*b*", "xaxxb"},
                                                                               {"a*bc", "abbc"},
                                                                               {"***", "x"}})
        EXPECT_TRUE(rondo::detail::matches(pattern, text)) << pattern << ' ' << text;
    for (const auto& [pattern, text] : std::vector<std::array<const char*, 2>>{
             {"", "a"}, {"?", ""}, {"a", "ab"}, {"a*c", "abcd"}, {"a?c", "ac"}, {"*b", "abc"}, {"fc*", "lstm.fc"}})
        EXPECT_FALSE(rondo::detail::matches(pattern, text)) << pattern << ' ' << text;
}

/// Five tensors of sizes that do not divide a vector.
constexpr auto specs = assign_offsets(std::array<ParameterSpec, 5>{
    ParameterSpec{.name = "in.weight", .rows = 33, .role = Role::table}, ParameterSpec{.name = "fc.weight", .rows = 20},
    ParameterSpec{.name = "fc.bias", .rows = 5, .role = Role::bias},
    ParameterSpec{.name = "norm.weight", .rows = 3, .role = Role::constant}, ParameterSpec{.name = "out", .rows = 1}});
constexpr std::size_t size = specs[4].offset + padded(1);

/// Parameters that a rule moves by random gradients, in groups.
template <class Rule>
struct Grouped {
    rondo::detail::OptimizerState<Rule, B> state;
    B backend{};
    Buffer<double> p = Buffer<double>(size), g = Buffer<double>(size);
    std::int64_t steps = 0;

    Grouped(Rule rule, const std::vector<ParameterGroup>& groups)
        : state{rule, {specs, {}, size, size, 0, 0, 0}, size, groups} {
        each([&](std::size_t k) { p[k] = draw.normal(k); });
    }
    void step() {
        ++steps;
        each([&](std::size_t k) { g[k] = draw.normal(k, std::uint32_t(steps)); });
        state.step(backend, p.data(), g.data(), steps, 0.5);
    }

private:
    template <class F>
    static void each(const F& f) {
        for (const ParameterSpec& t : specs)
            for (std::size_t k = 0; k < t.size(); ++k) f(t.offset + k);
    }
    RandomStream draw{Seed{6}, Purpose::user};
};

/// Of each tensor the parameters and the memory are those of a rule with its group's settings.
template <class Rule>
void expect_grouped(Rule rule) {
    rule.weight_decay = 0.1;
    Rule slow = rule, undecayed = rule, both = rule;
    slow.rate *= 0.25;
    undecayed.weight_decay = 0;
    both.rate *= 0.25;
    both.weight_decay = 0;
    Grouped<Rule> all{rule, {{.names = "in", .frozen = true}, {.names = "fc", .rate = 0.25}, no_decay()}},
        first{rule, {}}, one{rule, {{.rate = 1}}}, expected[]{{slow, {}}, {both, {}}, {undecayed, {}}, {rule, {}}};
    const Buffer<double> start = all.p;
    for (int k = 0; k < 8; ++k) {
        all.step(), first.step(), one.step();
        for (auto& other : expected) other.step();
    }
    EXPECT_EQ(one.p, first.p) << "a group that changes nothing";
    EXPECT_EQ(one.state.memory(), first.state.memory());
    for (std::size_t t = 0; t < specs.size(); ++t)
        for (std::size_t k = specs[t].offset; k < specs[t].offset + specs[t].size(); ++k) {
            EXPECT_EQ(all.p[k], t == 0 ? start[k] : expected[t - 1].p[k]) << Rule::name << ' ' << t;
            for (std::size_t m = 0; m < std::size_t(Rule::memories); ++m)
                EXPECT_EQ(all.state.memory()[m][k], t == 0 ? 0 : expected[t - 1].state.memory()[m][k]);
        }
}

TEST(ParameterGroups, HaveSettingsOfTheirOwnInEveryRule) {
    expect_grouped(SGD{.rate = 0.1, .momentum = 0.9});
    expect_grouped(RMSprop{.momentum = 0.9, .centered = true});
    expect_grouped(Adam{});
    expect_grouped(AdamW{});
    expect_grouped(Adagrad{});
    expect_grouped(NAdam{});
    expect_grouped(RAdam{});
    expect_grouped(Lion{});
}

TEST(ParameterGroups, AreAsFewRangesAsPossible) {
    Error error;
    const auto ranges = [&](const std::vector<ParameterGroup>& groups) {
        std::vector<std::size_t> firsts;
        for (const auto& range : rondo::detail::parameter_ranges(specs, size, groups, true, error))
            firsts.push_back(range.first);
        EXPECT_FALSE(error) << error.message;
        return firsts;
    };
    using Firsts = std::vector<std::size_t>;
    EXPECT_EQ(ranges({}), Firsts{0});
    EXPECT_EQ(ranges({{}}), Firsts{0});
    EXPECT_EQ(ranges({{.names = "*.*", .rate = 0.5}, {.names = "out", .rate = 0.5}}), Firsts{0});
    EXPECT_EQ(ranges({no_decay()}), (Firsts{0, specs[2].offset, specs[4].offset}));
    EXPECT_EQ(ranges({{.names = "in*", .frozen = true}}), (Firsts{0, specs[1].offset}));
}

TEST(ParameterGroups, AreRefused) {
    LetterModel model{Seed{1}};
    const auto refused = [&](std::vector<ParameterGroup> groups, const std::string& message) {
        expect_argument([&] { LetterTrainer(model, {}, rule, {.groups = groups}); }, message);
    };
    refused(
        {{.names = "inn"}},
        "rondo::Trainer: groups: expected names of in.weight, lstm.weight_ih_l0, lstm.weight_hh_l0, lstm.bias_ih_l0, "
        "lstm.bias_hh_l0, lstm.weight_ih_l1, lstm.weight_hh_l1, lstm.bias_ih_l1, lstm.bias_hh_l1, out.weight, "
        "out.bias, got \"inn\"");
    refused({{.names = "in", .rate = -1}},
            "rondo::Trainer: groups: in: rate: expected a number from 0 to below inf, got -1");
    refused({{.names = "in", .weight_decay = NAN}},
            "rondo::Trainer: groups: in: weight_decay: expected a number from 0 to below inf, got nan");
    refused({{.names = "in", .frozen = true}, {.names = "?*", .frozen = true}},
            "rondo::Trainer: groups: expected a parameter that is not frozen, got none");
    refused({{.frozen = true}},
            "rondo::Trainer: groups: a frozen group needs names or roles: without them it is all parameters");
    LetterTrainer(model, {}, rule, {.groups = {{.roles = {Role::constant}, .frozen = true}}}); // no norms: none
    Error error;
    rondo::detail::parameter_ranges(specs, size, std::vector<ParameterGroup>{no_decay()}, false, error);
    EXPECT_EQ(error.message, "rondo::Trainer: groups: *: the optimizer has no weight decay");
    rondo::detail::parameter_ranges(specs, size, std::vector<ParameterGroup>{{.names = "out", .roles = {Role::bias}}},
                                    true, error);
    EXPECT_EQ(error.message, "rondo::Trainer: groups: expected names of in.weight, fc.weight, fc.bias, norm.weight, "
                             "out, got \"out\" of some roles");
}

// A frozen front changes no bit of what comes behind it, whatever the number of threads, and stays.
TEST(ParameterGroups, ThatAreFrozenStay) {
    const auto trained = [](std::vector<ParameterGroup> groups, int threads, LetterModel& model) {
        LetterTrainer trainer{model, {}, rule, {.threads = threads, .small_work = 0, .groups = std::move(groups)}};
        TokenWindows data = windows();
        Progress progress;
        fit(trainer, data, three, progress);
        return trainer.optimizer_memory();
    };
    for (const int threads : {1, 2, 3})
        for (const char* names : {"in", "*in.weight", "lstm*l0", "out", "lstm"}) {
            LetterModel frozen{Seed{1}}, still = frozen;
            const LetterModel start = frozen;
            const auto memory = trained({{.names = names, .frozen = true}}, threads, frozen);
            trained({{.names = names, .rate = 0}}, 1, still);
            EXPECT_EQ(differing(frozen.values(), still.values()), 0u) << names;
            EXPECT_NE(frozen, start);
            for (const ParameterSpec& t : Letters::tensors)
                if (rondo::detail::is_in({.names = names}, t))
                    for (std::size_t k = 0; k < t.size(); ++k) {
                        EXPECT_EQ(frozen.data()[t.offset + k], start.data()[t.offset + k]);
                        EXPECT_EQ(memory[0][t.offset + k], 0);
                    }
        }
}

/// y = x, and counts its backwards.
template <class S>
struct CountedCopy {
    SequenceView<const S, 5> x;
    SequenceView<S, 5> y;
    static inline int backwards = 0;
    void forward(auto& run) const { run.backend().copy(y.value, x.value, x.size()); }
    void backward(auto& run) const {
        ++backwards;
        run.backend().elements(AddTo<S>{x.gradient, y.gradient}, x.size());
    }
};
struct Counted {
    static constexpr int input_size = 5, output_size = 5;
    static constexpr std::array<ParameterSpec, 0> tensors{};
    static constexpr Label describe() { return Label{"Counted"}; }
    static auto forward(auto& run, const auto& x) {
        const auto y = run.template make<5>(x.extent);
        run.execute(CountedCopy<std::remove_const_t<std::remove_pointer_t<decltype(x.value)>>>{x, y});
        return y;
    }
};

TEST(ParameterGroups, OfAFrozenFrontNeedNoBackward) {
    using Net =
        Sequential<Named<"in", Embedding<7, 5>>, Named<"first", Linear<5, 5>>, Counted, Named<"out", Linear<5, 7>>>;
    const auto backwards = [](std::vector<ParameterGroup> groups) {
        Model<Net, B> model{Seed{1}};
        Trainer<Net, CrossEntropy, Adam, B> trainer{model, {}, rule, {.groups = std::move(groups)}};
        TokenWindows data = windows();
        CountedCopy<double>::backwards = 0;
        trainer.step(data.at(0));
        return CountedCopy<double>::backwards;
    };
    EXPECT_GT(backwards({}), 0);
    EXPECT_GT(backwards({{.names = "in", .frozen = true}}), 0);
    EXPECT_GT(backwards({{.names = "out", .frozen = true}}), 0);
    EXPECT_EQ(backwards({{.names = "in", .frozen = true}, {.names = "first", .frozen = true}}), 0);
}

TEST(ParameterGroups, OfTiedTensorsAreThoseOfAllNames) {
    using Net = Tied<Sequential<Named<"in", Embedding<7, 5>>, Named<"lstm", LSTM<5, 5>>, Named<"out", Linear<5, 7>>>,
                     Tie<"out.weight", "in.weight">>;
    Model<Net, B> model{Seed{1}};
    const Model<Net, B> start = model;
    Trainer<Net, CrossEntropy, Adam, B> trainer{model, {}, rule, {.groups = {{.names = "out.weight", .frozen = true}}}};
    TokenWindows data = windows();
    trainer.step(data.at(0));
    EXPECT_EQ((model.template tensor<"in.weight">()), (start.template tensor<"in.weight">()));
    EXPECT_NE(model, start);
}

// As in PyTorch, where requires_grad is false, a frozen weight of a norm leaves the running averages alone; those that
// are frozen themselves stay.
TEST(ParameterGroups, FreezeRunningAverages) {
    using Net = Sequential<Named<"in", Embedding<7, 5>>, Named<"bn", BatchNorm1d<5>>, Named<"out", Linear<5, 7>>>;
    for (const bool averages : {false, true}) {
        Model<Net, B> model{Seed{1}};
        const Model<Net, B> start = model;
        std::vector<ParameterGroup> groups{{.names = "in", .frozen = true},
                                           {.names = "bn.weight", .frozen = true},
                                           {.names = "bn.bias", .frozen = true}};
        if (averages) groups.push_back({.names = "bn", .frozen = true});
        Trainer<Net, CrossEntropy, Adam, B> trainer{model, {}, rule, {.groups = groups}};
        TokenWindows data = windows();
        trainer.step(data.at(0));
        EXPECT_EQ((model.template tensor<"bn.weight">()), (start.template tensor<"bn.weight">()));
        EXPECT_EQ((model.template tensor<"bn.running_mean">()) == (start.template tensor<"bn.running_mean">()),
                  averages);
        EXPECT_EQ((model.template tensor<"bn.num_batches_tracked">())(0), averages ? 0 : 1);
        EXPECT_NE(model, start);
    }
}

TEST(ParameterGroups, AreInCheckpoints) {
    const TemporaryFolder folder;
    LetterModel model{Seed{1}};
    const auto trainer = [&](std::vector<ParameterGroup> groups) {
        TrainerSettings with = settings;
        with.groups = std::move(groups);
        return with;
    };
    LetterTrainer grouped{
        model, {}, rule, trainer({{.names = "in", .frozen = true}, {.names = "out.bias", .rate = 0.5}})},
        same{model, {}, rule, trainer({{.names = "out.b*", .rate = 0.5}, {.names = "in.weight", .frozen = true}})},
        other{model, {}, rule, trainer({{.names = "out.bias", .rate = 0.5, .weight_decay = 0}})},
        plain{model, {}, rule, settings};
    Progress progress;
    const std::string path = (folder / "a").string();
    save_checkpoint(grouped, progress, path);
    load_checkpoint(same, progress, path);
    const std::string ours = ": the run's groups of parameters: in.weight frozen, out.bias rate 0.5; the trainer's: ";
    expect_failure([&] { load_checkpoint(other, progress, path); }, Error::Kind::mismatch,
                   path + ours + "out.bias rate 0.5 decay 0");
    expect_failure([&] { load_checkpoint(plain, progress, path); }, Error::Kind::mismatch, path + ours + "none");
}

} // namespace parameter_groups_test

// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../data/batch.hpp"
#include "../io/safetensors/parameters.hpp"
#include "checkpoint.hpp"
#include "not_finite.hpp"
#include "progress.hpp"
#include "ranks.hpp"
#include "trainer_base.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <type_traits>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// A trainer and its batches as the loop over epochs sees them: the loop is compiled once for all networks.
class TrainingRun {
public:
    virtual void begin_epoch(std::int64_t epoch) = 0;
    virtual std::size_t count() const = 0;
    virtual void enqueue(std::size_t batch, Error& error) = 0;
    /// Trainer::collect, where the first batch that was enqueued is the batch `first`.
    virtual std::size_t collect(std::size_t first, LossSum& loss, Error& error) = 0;
    virtual Error problem() = 0;
    virtual double rate() const = 0;
    virtual void rate_factor(double factor) = 0;
    /// Copies the parameters, or forgets the copy, or copies it back.
    virtual bool has_kept() const = 0;
    virtual void keep() = 0;
    virtual void forget_kept() = 0;
    virtual void restore_kept() = 0;
    /// Exchanges the parameters and their average, if there is one.
    virtual const Ranks& ranks() const = 0;
    virtual std::int64_t steps() const = 0;
    virtual bool has_average() const = 0;
    virtual void swap_average() = 0;
    virtual void save_parameters(const std::filesystem::path& path) const = 0;
    virtual void save_checkpoint(const Progress& progress, const std::filesystem::path& path) const = 0;

protected:
    ~TrainingRun() = default;
};

/// What a trainer's rank needs of a mini-batch, as far as its source can tell the ranks' parts apart.
template <class Data, class Trainer>
auto read_part(Data& batches, std::size_t batch, const Trainer& trainer) {
    if constexpr (PartedBatches<Data>) return batches.at(batch, trainer.part());
    else return batches.at(batch);
}

template <class Trainer, class Data> // a TrainerBase
class TrainingRunOf final : public TrainingRun {
public:
    using Record = typename Trainer::template Record<std::remove_cvref_t<decltype(std::declval<Data&>().at(0))>>;

    TrainingRunOf(Trainer& trainer, Data& batches, Record record)
        : trainer_{&trainer}, batches_{&batches}, record_{record} {}

    void begin_epoch(std::int64_t epoch) override { batches_->begin_epoch(trainer_->settings().seed, epoch); }
    std::size_t count() const override { return batches_->count(); }
    void enqueue(std::size_t batch, Error& error) override {
        trainer_->enqueue(read_part(*batches_, batch, *trainer_), record_, error);
    }
    std::size_t collect(std::size_t first, LossSum& loss, Error& error) override {
        const auto look = [&](std::size_t k) { return find_not_finite(batches_->at(first + k)); };
        return trainer_->collect(loss, error, look);
    }
    Error problem() override { return trainer_->problem(); }
    double rate() const override { return trainer_->rate(); }
    void rate_factor(double factor) override { trainer_->rate_factor(factor); }
    bool has_kept() const override { return !trainer_->kept().values().empty(); }
    void keep() override { trainer_->kept().take(trainer_->model()); }
    void forget_kept() override { trainer_->kept().assign({}); }
    void restore_kept() override { trainer_->kept().put(trainer_->model()); }
    const Ranks& ranks() const override { return trainer_->ranks(); }
    std::int64_t steps() const override { return trainer_->steps(); }
    bool has_average() const override { return bool(trainer_->average()); }
    void swap_average() override {
        if (has_average()) trainer_->swap_average();
    }
    void save_parameters(const std::filesystem::path& path) const override {
        or_fail([&](Error& error) {
            save_tensors(trainer_->network().tensors, trainer_->model().values(), path, {}, error);
        });
    }
    void save_checkpoint(const Progress& progress, const std::filesystem::path& path) const override {
        rondo::save_checkpoint(*trainer_, progress, path);
    }

private:
    Trainer* trainer_;
    Data* batches_;
    Record record_;
};

/// Calls work() while the model has the average of the weights, if there is one.
template <class Work>
void with_average(TrainingRun& run, const Work& work) {
    run.swap_average();
    or_first(work, [&] { run.swap_average(); });
    run.swap_average();
}

} // namespace rondo::detail

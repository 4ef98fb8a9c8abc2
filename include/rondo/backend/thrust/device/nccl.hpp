// SPDX-License-Identifier: MIT
#pragma once

#include "../../../core/error.hpp"
#include "../../../core/number_text.hpp"
#include "../../../distributed/communicator.hpp"
#include "../../../distributed/sum_over_ranks.hpp"
#include "../../add_to.hpp"
#include "../../concept.hpp"

#include <cuda_runtime_api.h>
#include <nccl.h>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <thread>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Ranks whose sums stay in the memory of GPUs, one GPU a rank: NCCL sends and receives, and each rank adds its pieces
/// in the order of the tree (NCCL's own all-reduce has no fixed order). All else is done by another communicator, such
/// as an MPICommunicator, which also tells ranks how to find each other.
///
///   MPICommunicator hosts;
///   NCCLCommunicator<ThrustBackend<float>> ranks{hosts};
///   Trainer trainer{model, CrossEntropy{}, Adam{}, {.accumulate = true, .communicator = &ranks}};
///
/// The caller's current device is the rank's. Two ranks cannot share one. `hosts` must outlive this.
///
/// Errors  device: NCCL or CUDA does not start, or fails later; a rank that does not answer within `deadline` seconds;
///         those of `hosts`.
/// Memory  see detail::SumOverRanks, on the device.
template <Asynchronous B>
class NCCLCommunicator final : public AnyCommunicator {
public:
    using scalar = typename B::scalar;

    explicit NCCLCommunicator(AnyCommunicator& hosts, double deadline = 60) : hosts_{&hosts}, deadline_{deadline} {
        ncclUniqueId id{};
        if (rank() == 0) require(ncclGetUniqueId(&id), "ncclGetUniqueId");
        (check)(hosts.broadcast(std::as_writable_bytes(std::span{&id, 1})));
        require(ncclCommInitRank(&ranks_, size(), id, rank()), "ncclCommInitRank");
        if (cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking) != cudaSuccess)
            rondo::fail(Error::Kind::device, "rondo::NCCLCommunicator: there is no stream");
    }
    ~NCCLCommunicator() override {
        if (failure()) ncclCommAbort(ranks_);
        else ncclCommDestroy(ranks_);
        cudaStreamDestroy(stream_);
    }

    int rank() const override { return hosts_->rank(); }
    int size() const override { return hosts_->size(); }
    bool on_host() const override { return false; }
    Error sum(const ShardSums<float>& sums) override { return add_up(sums); }
    Error sum(const ShardSums<double>& sums) override { return add_up(sums); }
    Error share(const Shards& shards, double* numbers) override { return hosts_->share(shards, numbers); }
    Error all_gather(std::span<std::byte> blocks) override { return hosts_->all_gather(blocks); }
    Error gather(std::span<const std::byte> own, std::span<const std::span<std::byte>> to) override {
        return hosts_->gather(own, to);
    }
    Error broadcast(std::span<std::byte> bytes) override { return hosts_->broadcast(bytes); }
    Error barrier() override { return hosts_->barrier(); }
    Error fail(const Error& error) override { return hosts_->fail(error); }
    const Error& failure() const override { return hosts_->failure(); }

    // The medium of SumOverRanks.
    Error exchange(const detail::Messages& messages) {
        backend_.wait();
        ncclGroupStart();
        ncclResult_t result = ncclSuccess;
        const auto keep = [&](ncclResult_t one) { result = result == ncclSuccess ? one : result; };
        for (const detail::Receive& one : messages.receives)
            keep(ncclRecv(one.bytes, one.size, ncclInt8, one.from, ranks_, stream_));
        for (const detail::Send& one : messages.sends)
            keep(ncclSend(one.bytes, one.size, ncclInt8, one.to, ranks_, stream_));
        keep(ncclGroupEnd());
        return result == ncclSuccess ? wait() : failed(ncclGetErrorString(result));
    }
    void add(scalar* to, const scalar* from, std::size_t count) { backend_.elements(AddTo<scalar>{to, from}, count); }
    void copy(scalar* to, const scalar* from, std::size_t count) { backend_.copy(to, from, count); }
    template <std::same_as<scalar> S>
    S* scratch(std::size_t count) {
        if (scratch_.size() < count) scratch_.resize(count);
        return B::data(scratch_);
    }

private:
    using Clock = std::chrono::steady_clock;

    static void require(ncclResult_t result, const char* what) {
        if (result != ncclSuccess)
            rondo::fail(Error::Kind::device,
                        std::string{"rondo::NCCLCommunicator: "} + what + ": " + ncclGetErrorString(result));
    }
    Error failed(const std::string& what) {
        return fail({Error::Kind::device, "rondo: rank " + std::to_string(rank()) + ": NCCL: " + what});
    }
    Error wait() {
        const auto begin = Clock::now();
        for (;;) {
            const cudaError_t now = cudaStreamQuery(stream_);
            if (now == cudaSuccess) return {};
            if (now != cudaErrorNotReady) return failed(cudaGetErrorString(now));
            ncclResult_t result = ncclSuccess;
            if (ncclCommGetAsyncError(ranks_, &result) != ncclSuccess || result != ncclSuccess)
                return failed(ncclGetErrorString(result));
            if (std::chrono::duration<double>(Clock::now() - begin).count() > deadline_)
                return failed("expected the answers of all ranks within " + detail::short_text(deadline_) +
                              " seconds, got none: a rank or the connection to it is lost");
            std::this_thread::yield();
        }
    }
    template <class S>
    Error add_up(const ShardSums<S>& sums) {
        if constexpr (!std::same_as<S, scalar>) {
            return fail({Error::Kind::argument, "rondo::NCCLCommunicator: expected numbers of its backend's type"});
        } else {
            if (failure()) return failure();
            const Error error = detail::SumOverRanks<NCCLCommunicator, S>{*this, messages_, rank(), size(), sums}();
            backend_.wait();
            if (error) return error;
            return sums.losses ? share(sums.shards, sums.losses) : Error{};
        }
    }

    AnyCommunicator* hosts_;
    double deadline_;
    ncclComm_t ranks_ = nullptr;
    cudaStream_t stream_ = nullptr;
    B backend_;
    detail::Messages messages_;
    typename B::template buffer<scalar> scratch_;
};

} // namespace rondo

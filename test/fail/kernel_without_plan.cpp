// SPDX-License-Identifier: MIT
// expect: Planned<rondo::cell::LSTM, 4096, float, rondo::gpu::Hopper, 1
// expect: rondo: this cell's weights do not fit on this device's chip
#include <rondo/backend/thrust/host/group.hpp>
#include <rondo/backend/thrust/recurrence.hpp>
#include <rondo/cell/lstm.hpp>

using Pass = rondo::gpu::Forward<rondo::cell::LSTM, 4096, float, rondo::gpu::Hopper, 1>;
void run(rondo::gpu::HostGroup<Pass>& group, const Pass::Work& work) { Pass::run(group, work, 0); }

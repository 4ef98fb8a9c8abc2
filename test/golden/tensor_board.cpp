// SPDX-License-Identifier: MIT
// tensor_board FOLDER: an event file for tensor_board.py.
#include <rondo/train/tensor_board.hpp>

#include <string>
#include <vector>

int main(int count, char** arguments) {
    using namespace rondo;
    if (count != 2) return 1;
    const TensorBoard board{arguments[1]};
    for (int epoch = 1; epoch <= 3; ++epoch) {
        const double loss = 1.0 / epoch;
        const std::vector<TrainingEvent::Number> steps{{"loss", loss + 1}, {"rate", 1e-3}},
            all{{"loss", loss}, {"validation", -loss}, {"F1 (macro), \xC3\xA9t\xC3\xA9", 1e30}};
        const TrainingEvent::Kind kinds[]{TrainingEvent::Kind::steps, TrainingEvent::Kind::epoch};
        board({kinds[0], epoch - 1, 400 * epoch, steps, {}});
        board({kinds[1], epoch, 400 * epoch, all, {}});
    }
    board({TrainingEvent::Kind::end, 3, 1200, {}, {}});
}

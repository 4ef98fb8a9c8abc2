// SPDX-License-Identifier: MIT
#pragma once

// Cells by themselves behind one interface.

#include "case.hpp"

#include <memory>
#include <ostream>
#include <span>
#include <string>
#include <vector>

namespace cases {

/// A cell, its Steps and a gradient.
class SingleCell {
public:
    virtual ~SingleCell() = default;

    virtual void draw(rondo::Seed seed) = 0;
    virtual Numbers parameters() const = 0;
    virtual void assign(const Numbers& parameters) = 0;
    /// Sets a number of weight_ih by its name.
    virtual void set_input_weight(int row, int column, double number) = 0;
    virtual int recurrent_columns() const = 0;

    /// A loop of steps and its way back. The Steps are those of the last loop of as many, and the gradient adds up.
    virtual Outcome loop(const Trial& trial) = 0;
    /// The layer of the same parameters over as many steps.
    virtual Outcome layer(const Trial& trial) const = 0;
};

/// A cell, a size and a scalar.
struct CellCase {
    std::string name, kind, size; // lstm_5_20_float, lstm, 5_20
    int input = 0, hidden = 0, components = 0;
    bool is_float = false;
    std::span<const rondo::ParameterSpec> tensors{};
    std::unique_ptr<SingleCell> (*make)() = nullptr;

    double tolerance() const { return is_float ? law::tolerance<float> : law::tolerance<double>; }
};
inline std::ostream& operator<<(std::ostream& to, const CellCase& c) { return to << c.name; }

using CellCases = std::vector<CellCase>;
const CellCases& all_cells();
// Each in a file of its own.
void add_single_rnn(CellCases& to);
void add_single_lstm(CellCases& to);
void add_single_gru(CellCases& to);

} // namespace cases

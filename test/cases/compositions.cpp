// SPDX-License-Identifier: MIT
#include "lists.hpp"
#include "typed.hpp"

#include <support/compositions.hpp>

void cases::add_compositions(Cases& to) {
    add_network<Branch, double>(to, "composition", "Branch");
    add_network<Loop, double>(to, "composition", "Loop");
    add_network<Twice, double>(to, "composition", "Twice");
    add_network<Translator, double>(to, "composition", "Translator");
    add_network<Nested, double>(to, "composition", "Nested");
    add_network<TiedModel, double>(to, "composition", "Tied");
    add_network<Classifier, double>(to, "composition", "Classifier");
    add_network<Forecast, double>(to, "composition", "Forecast");
}

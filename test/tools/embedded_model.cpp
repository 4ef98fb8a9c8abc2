// SPDX-License-Identifier: MIT
// embedded_model FILE: writes the model that is embedded.
#include "embedded_model.hpp"

#include <rondo/io/model.hpp>

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    save(rondo::Model<Written>{rondo::Seed{5}}, argv[1]);
}

// SPDX-License-Identifier: MIT
// Files of models with tied tensors, or with tensors that shared their memory.
#include "model_file.hpp"

#include <support/edited.hpp>
#include <support/folder.hpp>

#include <cstddef>
#include <string>

namespace model_test {

TEST(TiedModelFile, RefusesTiedTensorsThatDiffer) {
    const TemporaryFolder folder;
    const fs::path path = folder / "a";
    const Model<Shared> model{Seed{2}};
    save(model, path);
    EditedFile file{path};
    EXPECT_EQ(file.tensors.size(), Shared::tensors.size());
    EXPECT_EQ(file["out.weight"].bytes, file["in.weight"].bytes);
    file["out.weight"].bytes[4] ^= std::byte{1};
    file.write(path);
    EXPECT_EQ(refused<Shared>(path),
              (Error{Error::Kind::mismatch, path.string() + ": tensor out.weight is tied to in.weight and "
                                                            "must be equal to it"}));
}

TEST(TiedModelFile, MayHoldATiedTensorOnce) {
    const TemporaryFolder folder;
    const Model<Shared> model{Seed{2}};
    save(model, folder / "a");
    EditedFile file{folder / "a"};
    file.erase("out.weight");
    file.write(folder / "a");
    Model<Shared> other;
    load(other, folder / "a");
    EXPECT_EQ(other, model);
}

/// A file of `from` without a tensor, with aliases in the metadata, as save_model writes them.
template <class From>
fs::path shared_file(const TemporaryFolder& folder, const From& from, const char* without,
                     const io::Metadata& metadata) {
    const fs::path path = folder / "shared";
    save(from, path);
    EditedFile file{path};
    file.erase(without);
    file.metadata = metadata;
    file.write(path);
    return path;
}

TEST(TiedModelFile, MayHoldWhicheverOfTiedTensors) {
    const TemporaryFolder folder;
    const Model<Shared> model{Seed{2}};
    const auto loads = [&](const char* without, const io::Metadata& metadata) {
        Model<Shared> other;
        load(other, shared_file(folder, model, without, metadata));
        EXPECT_EQ(other, model) << without;
    };
    loads("in.weight", {});
    loads("in.weight", {{"in.weight", "out.weight"}});
    loads("out.weight", {{"out.weight", "in.weight"}, {"format", "pt"}});
    loads("out.weight", {{"out.weight", "nothing"}});         // the tensor that it is tied to is in the file
    loads("out.weight", {{"in.weight", "rnn.weight_hh_l0"}}); // an alias of a tensor in the file is ignored
}

TEST(TiedModelFile, MayHoldOneOfTensorsThatSharedTheirMemory) {
    using Apart =
        Sequential<Named<"in", Embedding<7, 5, 2>>, Named<"rnn", RNN<5, 5>>, Named<"out", LinearWithoutBias<5, 7>>>;
    const TemporaryFolder folder;
    Model<Apart> model{Seed{2}}, other;
    model.tensor<"out.weight">() = model.tensor<"in.weight">();
    for (const io::Metadata& metadata :
         {io::Metadata{{"out.weight", "in.weight"}}, {{"out.weight", "a"}, {"a", "b"}, {"b", "in.weight"}}}) {
        other = {};
        load(other, shared_file(folder, model, "out.weight", metadata));
        EXPECT_EQ(other, model);
    }
    load(other, shared_file(folder, model, "in.weight", {{"in.weight", "out.weight"}}));
    EXPECT_EQ(other, model);

    // Stored under a name that the network does not have.
    EditedFile file{folder / "shared"};
    file["out.weight"].name = "decoder.weight";
    file.metadata = {{"in.weight", "decoder.weight"}, {"out.weight", "decoder.weight"}};
    file.write(folder / "shared");
    other = {};
    load(other, folder / "shared");
    EXPECT_EQ(other, model);

    const auto problem = [&](const io::Metadata& metadata) {
        const fs::path path = shared_file(folder, model, "out.weight", metadata);
        return refused<Apart>(path).message.substr(path.string().size() + 2);
    };
    EXPECT_EQ(problem({{"out.weight", "b"}, {"b", "c"}}),
              "tensor out.weight F32 [7,5] is missing, and so is b, which the metadata names in its place");
    EXPECT_EQ(problem({{"out.weight", "b"}, {"b", "out.weight"}}),
              "tensor out.weight F32 [7,5] is missing, and so is b, which the metadata names in its place");
    EXPECT_EQ(problem({{"out.weight", "rnn.weight_hh_l0"}}), "tensor out.weight: expected F32 [7,5], got F32 [5,5]");
}

} // namespace model_test

// SPDX-License-Identifier: MIT
// Input, output and messages are the same in a locale that writes 0,5 and 1.000.
#include <rondo/data/table.hpp>
#include <rondo/data/vocabulary.hpp>
#include <rondo/io/assign.hpp>
#include <rondo/io/model.hpp>
#include <rondo/io/rtneural.hpp>
#include <rondo/io/rtneural_write.hpp>
#include <rondo/loss/binary_cross_entropy.hpp>
#include <rondo/loss/mean_squared_error.hpp>
#include <rondo/optimizer/adam.hpp>
#include <rondo/optimizer/schedule.hpp>
#include <rondo/train/checkpoint.hpp>

#include <support/failure.hpp>
#include <support/folder.hpp>
#include <support/training.hpp>

#include <gtest/gtest.h>

#include <clocale>
#include <locale>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace locale_test {

using namespace rondo;

struct Commas : std::numpunct<char> {
    char do_decimal_point() const override { return ','; }
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
};

/// Decimal commas in C++'s streams, and in C if the system has such a locale.
class WithCommas {
public:
    WithCommas() : before_{std::locale::global(std::locale{std::locale::classic(), new Commas})} {
        for (const char* name : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "fr_FR.utf8", "de_DE", "fr_FR"})
            if (std::setlocale(LC_NUMERIC, name)) break;
    }
    ~WithCommas() {
        std::locale::global(before_);
        std::setlocale(LC_NUMERIC, "C");
    }

private:
    std::locale before_;
};

/// All input, output and messages as one text.
std::string everything() {
    const TemporaryFolder folder;
    using Small = Sequential<LSTM<1, 3>, Linear<3, 1>>;
    const auto bytes = [&](const char* name) {
        const io::Bytes all = io::read_file(folder / name);
        return std::string{reinterpret_cast<const char*>(all.data()), all.size()};
    };
    std::string all;
    Model<Small> model{Seed{1}}, other;
    save(model, folder / "model");
    load(other, folder / "model");
    EXPECT_EQ(other, model);
    all += bytes("model");

    io::write_rtneural(model, folder / "json");
    const std::string json = bytes("json");
    load(other, io::parse_rtneural(json));
    all += json;
    std::vector<float> values = other.values();
    all += std::string{reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};

    Trainer trainer{model, MeanSquaredError{}, Adam{.rate = 0.125}, TrainerSettings{.threads = 1}};
    trainer.rate_factor(0.0625);
    Progress progress{.epoch = 1234567, .batch = 3, .batches = 5, .loss = {.sum = 1234.5678, .terms = 1e6}};
    save_checkpoint(trainer, progress, folder / "run");
    Progress read;
    load_checkpoint(trainer, read, folder / "run");
    EXPECT_EQ(read.loss.sum, progress.loss.sum);
    EXPECT_EQ(trainer.rate_factor(), 0.0625);
    all += bytes("run");

    const Table table = parse_table("x,y\n1.5,1e-3\n1234567.25,\"1,5\"\n", {}, "x.csv");
    for (const double number : table.numbers("x")) all.append(reinterpret_cast<const char*>(&number), sizeof number);
    all += failure_of([&] { table.numbers("y"); }).message;
    const float target = 1.5f;
    all += BinaryCrossEntropy{}.check(SequenceView<const float, 1>{&target, nullptr, {1, 1}}, 1).message;
    all += CosineDecay{.steps = 100, .floor = 1.5}.problem().message;
    Vocabulary{std::vector<std::string>{"a", "b"}}.save(folder / "words");
    return all + bytes("words");
}

TEST(Locale, ChangesNothing) {
    const std::string expected = everything();
    EXPECT_NE(expected.find("1.5"), expected.npos);
    const WithCommas commas;
    std::ostringstream stream;
    stream << 1234.5;
    ASSERT_EQ(stream.str(), "1.234,5") << "the locale does not matter here";
    EXPECT_EQ(everything(), expected);
}

} // namespace locale_test

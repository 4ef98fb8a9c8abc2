// SPDX-License-Identifier: MIT
#include <rondo/io/file.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

// One of the cases below is a failed allocation, at which the sanitizers would terminate the program.
extern "C" const char* __asan_default_options() { return "allocator_may_return_null=1"; }

namespace {

namespace fs = std::filesystem;
using rondo::Error;
using rondo::Failure;
using rondo::io::read_file;
using rondo::io::write_file;

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span{text}); }

std::string text_of(const rondo::io::Bytes& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A temporary directory for each test.
class File : public testing::Test {
protected:
    File() {
        std::string name = (fs::temp_directory_path() / "rondo-file-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"no temporary directory"};
        folder = name;
    }
    ~File() override { fs::remove_all(folder); }

    std::vector<std::string> names() const {
        std::vector<std::string> found;
        for (const auto& entry : fs::directory_iterator{folder}) found.push_back(entry.path().filename().string());
        return found;
    }
    Error error_of_read(const fs::path& path, std::size_t limit = rondo::io::no_limit) const {
        Error error;
        EXPECT_EQ(read_file(path, limit, error).size(), 0u);
        return error;
    }
    Error error_of_write(const fs::path& path, std::string_view text = "new") const {
        Error error;
        write_file(path, bytes_of(text), error);
        return error;
    }

    fs::path folder;
};

TEST_F(File, ReadsWhatWasWritten) {
    const std::string text{"a\0b\r\n\xFF", 6};
    write_file(folder / "a", bytes_of(text));
    EXPECT_EQ(text_of(read_file(folder / "a")), text);
    write_file(folder / "empty", bytes_of(""));
    EXPECT_EQ(read_file(folder / "empty").size(), 0u);
    EXPECT_EQ(names().size(), 2u);
}

TEST_F(File, WritesPartsOneAfterTheOther) {
    const std::array parts{bytes_of("one"), bytes_of(""), bytes_of("two")};
    write_file(folder / "a", parts);
    EXPECT_EQ(text_of(read_file(folder / "a")), "onetwo");
}

TEST_F(File, LeavesTheErrorAloneWhenNothingFails) {
    Error error{Error::Kind::argument, "from before"};
    write_file(folder / "a", bytes_of("text"), error);
    EXPECT_EQ(text_of(read_file(folder / "a", 4, error)), "text");
    EXPECT_EQ(error, (Error{Error::Kind::argument, "from before"}));
}

TEST_F(File, ThrowsTheSameError) {
    const fs::path path = folder / "none" / "a";
    try {
        read_file(path);
        FAIL() << "nothing was thrown";
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.error(), error_of_read(path));
    }
    try {
        write_file(path, bytes_of("text"));
        FAIL() << "nothing was thrown";
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.error(), error_of_write(path));
    }
}

TEST_F(File, ReadNamesThePathAndTheReason) {
    const fs::path path = folder / "a";
    const auto message = [&](const std::string& reason) {
        return Error{Error::Kind::file, "cannot read " + path.string() + ": " + reason};
    };
    EXPECT_EQ(error_of_read(path), message("No such file or directory"));

    fs::create_directory(path);
    EXPECT_EQ(error_of_read(path), message("it is not a regular file"));
    fs::remove(path);

    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    EXPECT_EQ(error_of_read(path), message("it is not a regular file"));
    fs::remove(path);

    write_file(path, bytes_of("12345"));
    EXPECT_EQ(error_of_read(path, 4), message("it has 5 bytes; at most 4 are allowed"));
    EXPECT_EQ(read_file(path, 5).size(), 5u);
}

#ifdef __linux__
TEST_F(File, ReadRefusesMemoryThatCannotBeHad) {
    const fs::path path = folder / "a";
    write_file(path, bytes_of("1"));
    fs::resize_file(path, std::uintmax_t{1} << 43); // sparse
    EXPECT_EQ(error_of_read(path),
              (Error{Error::Kind::memory, "cannot read " + path.string() + ": no memory for its 8796093022208 bytes"}));
}

TEST_F(File, ReadRefusesAFileWhoseSizeIsNotTrue) {
    EXPECT_EQ(error_of_read("/proc/self/status").message,
              "cannot read /proc/self/status: its size changed while it was read");
}
#endif

TEST_F(File, WriteNamesThePathAndTheReason) {
    const auto message = [&](const fs::path& path, const std::string& reason) {
        return Error{Error::Kind::file, "cannot write " + path.string() + ": " + reason};
    };
    const fs::path missing = folder / "none" / "a";
    EXPECT_EQ(error_of_write(missing), message(missing, "No such file or directory"));

    const fs::path directory = folder / "directory";
    fs::create_directory(directory);
    EXPECT_EQ(error_of_write(directory), message(directory, "it is not a regular file"));
    EXPECT_EQ(error_of_write("/dev/null"), message("/dev/null", "it is not a regular file"));
    EXPECT_EQ(names(), std::vector<std::string>{"directory"});
}

TEST_F(File, AWriteThatFailsLeavesTheOldFileAndNothingElse) {
    const fs::path path = folder / "a";
    write_file(path, bytes_of("old"));

    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    rlimit small = before;
    small.rlim_cur = 100'000;
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    const Error error = error_of_write(path, std::string(1'000'000, 'x'));
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    std::signal(SIGXFSZ, handler);

    EXPECT_EQ(error.message, "cannot write " + path.string() + ": File too large");
    EXPECT_EQ(text_of(read_file(path)), "old");
    EXPECT_EQ(names(), std::vector<std::string>{"a"});
}

TEST_F(File, KeepsPermissionsAndFollowsLinks) {
    write_file(folder / "a", bytes_of("old"));
    fs::permissions(folder / "a", fs::perms::owner_read | fs::perms::owner_write);
    fs::create_symlink("a", folder / "link");
    write_file(folder / "link", bytes_of("new"));
    EXPECT_TRUE(fs::is_symlink(folder / "link"));
    EXPECT_EQ(text_of(read_file(folder / "a")), "new");
    EXPECT_EQ(fs::status(folder / "a").permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(File, FollowsLinksToAFileToBe) {
    fs::create_directory(folder / "b");
    fs::create_symlink("b/link", folder / "link");
    fs::create_symlink("later", folder / "b" / "link");
    write_file(folder / "link", bytes_of("new"));
    EXPECT_TRUE(fs::is_symlink(folder / "link"));
    EXPECT_TRUE(fs::is_symlink(folder / "b" / "link"));
    EXPECT_EQ(text_of(read_file(folder / "b" / "later")), "new");
    EXPECT_EQ(names().size(), 2u);
}

TEST_F(File, RefusesLinksThatLeadInACircle) {
    fs::create_symlink("two", folder / "one");
    fs::create_symlink("one", folder / "two");
    const std::string reason = (folder / "one").string() + ": Too many levels of symbolic links";
    EXPECT_EQ(error_of_write(folder / "one").message, "cannot write " + reason);
    EXPECT_EQ(error_of_read(folder / "one").message, "cannot read " + reason);
    EXPECT_TRUE(fs::is_symlink(folder / "one"));
}

TEST_F(File, LeavesAFileThatIsReadOnly) {
    write_file(folder / "a", bytes_of("old"));
    fs::permissions(folder / "a", fs::perms::owner_read);
    EXPECT_EQ(error_of_write(folder / "a").message, "cannot write " + (folder / "a").string() + ": it is read-only");
    EXPECT_EQ(text_of(read_file(folder / "a")), "old");
}

TEST_F(File, OtherNamesOfAFileKeepTheOldContent) {
    write_file(folder / "a", bytes_of("old"));
    fs::create_hard_link(folder / "a", folder / "b");
    write_file(folder / "a", bytes_of("new"));
    EXPECT_EQ(text_of(read_file(folder / "b")), "old");
}

// A path may be a file when it is checked, and a pipe when it is opened.
TEST_F(File, DoesNotWaitForAPipeThatTakesAFilesPlace) {
    ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
    write_file(folder / "file", bytes_of("text"));
    fs::create_symlink("file", folder / "a");
    std::atomic<bool> done = false;
    std::thread swap{[&] {
        for (bool pipe = true; !done; pipe = !pipe) {
            fs::create_symlink(pipe ? "pipe" : "file", folder / "next");
            fs::rename(folder / "next", folder / "a");
        }
    }};
    for (int i = 0; i < 2000; ++i) {
        Error error;
        const auto bytes = read_file(folder / "a", 4, error);
        if (error) EXPECT_EQ(error.message, "cannot read " + (folder / "a").string() + ": it is not a regular file");
        else EXPECT_EQ(text_of(bytes), "text");
    }
    done = true;
    swap.join();
}

TEST_F(File, NothingOfAKilledWriterStays) {
    const std::string large(4'000'000, 'x');
    const auto writing = [](const std::string& name) { return name.ends_with(".tmp"); };
    std::vector<std::string> left;
    std::size_t killed = 0;
    for (int i = 0; i < 10; ++i) {
        const ::pid_t writer = ::fork();
        ASSERT_GE(writer, 0);
        if (writer == 0)
            for (;;) write_file(folder / "a", bytes_of(large));
        const auto fresh = [&](const auto& name) { return writing(name) && std::ranges::count(left, name) == 0; };
        while (std::ranges::none_of(names(), fresh)) std::this_thread::yield();
        ::kill(writer, SIGKILL);
        ::waitpid(writer, nullptr, 0);
        left = names();
        killed += std::ranges::any_of(left, writing) ? 1 : 0;
    }
    EXPECT_GT(killed, 0u) << "no writer was killed while it wrote";
    write_file(folder / "b", bytes_of("text"));
    EXPECT_EQ(text_of(read_file(folder / "b")), "text");
    EXPECT_TRUE(std::ranges::none_of(names(), writing));
    EXPECT_TRUE(!fs::exists(folder / "a") || text_of(read_file(folder / "a")) == large);
}

TEST_F(File, WhatAnotherWritesStays) {
    std::error_code reason;
    rondo::io::detail::posix::Beside other{folder.string() + '/', reason};
    ASSERT_FALSE(reason);
    write_file(folder / "a", bytes_of("text"));
    EXPECT_EQ(names().size(), 2u);
    const auto later = bytes_of("later");
    EXPECT_FALSE(other.write(later));
    EXPECT_FALSE(other.rename_to((folder / "b").string()));
    EXPECT_EQ(text_of(read_file(folder / "b")), "later");
}

// The implementation for systems without POSIX.
TEST_F(File, IsReadAndWrittenByTheStandardLibraryAlone) {
    using namespace rondo::io::detail;
    const auto write = [](const fs::path& path, std::string_view text) {
        Error error;
        const auto bytes = bytes_of(text);
        replace_file<portable::Replacement>(path, {&bytes, 1}, error);
        return error;
    };
    const auto read = [](const fs::path& path, std::size_t limit = 9) {
        Error error;
        const auto bytes = portable::read_file(path, limit, error);
        return error ? error.message.substr(error.message.rfind(':')) : text_of(bytes);
    };
    fs::create_symlink("later", folder / "link");
    EXPECT_FALSE(write(folder / "link", "old"));
    EXPECT_FALSE(write(folder / "link", "text"));
    EXPECT_EQ(read(folder / "later"), "text");
    EXPECT_EQ(read(folder / "later", 3), ": it has 4 bytes; at most 3 are allowed");
    EXPECT_EQ(read(folder), ": it is not a regular file");
    EXPECT_EQ(read(folder / "none"), ": No such file or directory");
    fs::permissions(folder / "later", fs::perms::owner_read);
    EXPECT_TRUE(write(folder / "link", "new").message.ends_with("it is read-only"));
    EXPECT_TRUE(write(folder / "none" / "a", "new").message.ends_with("No such file or directory"));
    EXPECT_EQ(write(folder, "new").kind, Error::Kind::file);
    EXPECT_EQ(names().size(), 2u);
}

TEST_F(File, WritesIntoTheWorkingDirectory) {
    const fs::path before = fs::current_path();
    fs::current_path(folder);
    write_file("a", bytes_of("here"));
    fs::current_path(before);
    EXPECT_EQ(text_of(read_file(folder / "a")), "here");
}

TEST_F(File, IsWholeWhileTwoWriteIt) {
    const fs::path path = folder / "a";
    const std::string one(100'000, '1'), two(200'000, '2');
    write_file(path, bytes_of(one));
    const auto write = [&](const std::string& text) {
        for (int i = 0; i < 20; ++i) write_file(path, bytes_of(text));
    };
    std::thread first{write, one}, second{write, two};
    for (int i = 0; i < 20; ++i) {
        const std::string text = text_of(read_file(path));
        EXPECT_TRUE(text == one || text == two) << text.size() << " bytes";
    }
    first.join();
    second.join();
    EXPECT_EQ(names(), std::vector<std::string>{"a"});
}

} // namespace

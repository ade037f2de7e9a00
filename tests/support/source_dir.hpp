#pragma once
/// Where the checkout is. Defined in one generated file: on every command line it would keep a compiler cache
/// from serving another checkout.

#include <filesystem>

namespace photo51::test {

const std::filesystem::path& source_dir();

}  // namespace photo51::test

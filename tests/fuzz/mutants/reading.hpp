#pragma once
/// A file or folder read in every way that its content admits.

#include <filesystem>
#include <functional>

#include "fuzz/mutants/child.hpp"
#include "photo51/core/error.hpp"

namespace photo51::fuzz {

/// `read` gives the error's text, or nothing when it has read. What it throws or says must be an error of the
/// data, or `fault`, that names `path` in words for the reader.
Verdict judge(const std::filesystem::path& path, const std::function<std::string()>& read,
              core::Fault fault = core::Fault::data);

/// As `photo51 inspect` with its contact sheet does, then with the reader of volumes, cines, masks or slides
/// by what it found; weights, tables and configs by their own readers. `images`: a folder with what a mask
/// may have been drawn on; empty: none.
Verdict read_every_way(const std::filesystem::path& path, const std::filesystem::path& images);

/// Does once what every child would have to do for itself (dictionaries, factories), and keeps this process
/// from having threads, which do not survive a fork.
void prepare_for_children(const std::filesystem::path& sound_file);

}  // namespace photo51::fuzz

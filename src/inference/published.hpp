#pragma once
/// A published model is data of a stranger: it may name nothing outside its own folder.

#include <filesystem>
#include <string>

#include "photo51/config/node.hpp"

namespace photo51::inference {

/// Error (data) when `file`, an entry of `folder`, is a link that leads out of it.
void require_inside(const std::filesystem::path& file, const std::filesystem::path& folder);
/// Error (usage) that names file and key when the document of a `model.yaml` says where data or a cache lie,
/// or names a file outside its folder.
void check_published(config::Node document, const std::filesystem::path& file);
/// Whether a text that names a table, or a manifest's column of tables, leads out of the manifest's folder.
bool leads_out(const std::string& table);

}  // namespace photo51::inference

#pragma once
/// The page's template (report.html.mustache), which the build puts into the library.

#include <string>

namespace photo51::report {

std::string template_text();

}  // namespace photo51::report

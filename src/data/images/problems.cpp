#include "data/images/problems.hpp"

#include <algorithm>
#include <set>

#include "data/images/instances.hpp"
#include "data/images/prepared_image.hpp"
#include "data/images/read_input.hpp"
#include "photo51/core/error.hpp"

namespace photo51::data {
namespace {

using Problems = std::vector<std::string>;

void add(Problems& problems, const std::string& problem) {
  if (!problem.empty() && std::find(problems.begin(), problems.end(), problem) == problems.end())
    problems.push_back(problem);
}

Problems bag_problems(const Cohort::Impl& cohort, size_t input, size_t row) {
  Problems problems;
  std::set<size_t> bad;  // files; one broken instance says enough
  for (size_t file = 0; file < cohort.files[input][row].channels.size(); ++file) {
    const std::string problem = problem_of([&] { part_count(cohort, input, row, file); });
    if (problem.empty()) continue;
    bad.insert(file);
    add(problems, "channel " + cohort.channel_of(input, row, file) + ": " + problem);
  }
  if (!bad.empty()) return problems;  // which instance is which is not known then
  for (size_t i = 0, count = instance_count(cohort, input, row); i < count; ++i) {
    const size_t file = instance_at(cohort, input, row, i).file;
    if (bad.contains(file)) continue;
    const std::string problem = problem_of([&] {
      try {
        prepare_image(cohort, input, row, i);
      } catch (const core::Error& error) {
        leave_out_instance(cohort, input, row, i, error);
      }
    });
    if (!problem.empty()) bad.insert(file);
    add(problems, problem);
  }
  return problems;
}

}  // namespace

std::string problem_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const core::Error& error) {
    if (error.fault() != core::Fault::data) throw;
    return error.what();
  }
  return "";
}

std::vector<std::string> problems_of_files(const Cohort::Impl& cohort, size_t input, size_t row,
                                           const std::function<void()>& whole) {
  const std::string problem = problem_of(whole);
  if (problem.empty()) return {};
  Problems alone;
  const auto& channels = cohort.files[input][row].channels;
  for (size_t i = 0; i < channels.size(); ++i) {
    const std::string of_file =
        channels[i].empty() ? "" : problem_of([&] { read_channel(cohort, input, row, i); });
    if (!of_file.empty()) alone.push_back(of_file);
  }
  return alone.empty() ? Problems{problem} : alone;
}

std::vector<std::string> image_problems(const Cohort::Impl& cohort, size_t input, size_t row) {
  if (cohort.names[input].bag) return bag_problems(cohort, input, row);
  return problems_of_files(cohort, input, row, [&] { prepare_image(cohort, input, row, 0); });
}

}  // namespace photo51::data

#pragma once
/// What is known at the start fails at the start.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "photo51/data/split/split.hpp"
#include "photo51/training/run/run.hpp"

namespace photo51::training {

/// Before the cohort is read. Errors: usage (more threads or workers than the machine can make use of, a
/// place for the run folder that is none), run (the folder cannot be written, no threads can be started).
void check_request(const RunRequest& request, const ExperimentOptions& experiment);

/// Before the first fold, in seconds: files are looked at, not read. A case with a bad file leaves the split
/// when bad cases are skipped and `on_bad` hears of it. Errors: usage (`evaluate.groups`, `sampler_head`,
/// `checkpoint: best` or `patience` without anything to compare); data (files, a training part that lacks a
/// class or events, inner folds of a stack likewise). Takes the hashes of the cohort's files, which remembers
/// them.
void preflight(const ExperimentOptions& experiment, const data::Cohort& cohort, data::Split& split,
               const std::function<void(int64_t row, const std::string& why)>& on_bad);

/// Error (run) when `bytes` more do not fit on the disk of `folder`.
void require_space(const std::filesystem::path& folder, double bytes, const std::string& what);

}  // namespace photo51::training

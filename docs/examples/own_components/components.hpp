#pragma once
// What this program adds to the library's tables, one file each, and the cohort that it trains on.

#include <filesystem>

void add_spots();         // an image encoder
void add_present_mean();  // a fusion
void add_count();         // a task: its labels, its head, its metrics and its wording
void add_two_passes();    // an objective

/// Writes `cohort.csv` and the scans into `folder`; returns the manifest.
std::filesystem::path write_cohort(const std::filesystem::path& folder);

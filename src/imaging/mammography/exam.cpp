#include <algorithm>

#include "imaging/readers.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/imaging/mammography/mammogram.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;

/// The DICOM files among `paths` and in the folders among them.
std::vector<fs::path> dicom_files(const std::vector<fs::path>& paths) {
  std::vector<fs::path> files;
  std::error_code code;
  for (const fs::path& path : paths) {
    if (!fs::is_directory(path, code)) {
      files.push_back(path);
      continue;
    }
    std::vector<fs::path> inside;
    for (fs::recursive_directory_iterator at(path, code), end; !code && at != end; at.increment(code)) {
      std::error_code looped;  // a link that leads nowhere or to itself is no file
      if (at->is_regular_file(looped) && at->file_size(looped) > 0 && at->path().filename() != "DICOMDIR" &&
          detect_format(at->path()) == Format::dicom)
        inside.push_back(at->path());
    }
    if (code) core::fail_data(path.string() + ": the folder cannot be read: " + code.message());
    std::ranges::sort(inside);
    files.insert(files.end(), inside.begin(), inside.end());
  }
  return files;
}

void check_one_exam(const MammogramFacts& first, const MammogramFacts& facts) {
  if (facts.patient_id != first.patient_id)
    core::fail_data(facts.path.string() + ": is of another patient (PatientID (0010,0020)) than " +
                    first.path.filename().string() + "; group one patient's exam at a time");
  if (facts.study_uid != first.study_uid)
    core::fail_data(facts.path.string() + ": is of another study (StudyInstanceUID (0020,000D)) than " +
                    first.path.filename().string() + "; group one exam at a time");
}

/// Magnified, spot, rolled and implant-displaced images are not the view that their code names.
bool is_standard(const MammogramFacts& facts) {
  static const std::vector<std::string> kHarmless{"nipple in profile", "infra-mammary fold"};
  for (const std::string& modifier : facts.modifiers)
    if (std::ranges::find(kHarmless, modifier) == kHarmless.end()) return false;
  return facts.view == "CC" || facts.view == "MLO";
}

/// The warning that tells why a fact is not known.
[[noreturn]] void fail_missing(const MammogramFacts& facts, const std::string& what, const char* word) {
  for (const std::string& warning : facts.warnings)
    if (warning.find(word) != std::string::npos) core::fail_data(facts.path.string() + ": " + warning);
  core::fail_data(facts.path.string() + ": its " + what + " is not known");
}

std::string name_of(const MammogramFacts& facts) {
  return std::string(facts.laterality == "L" ? "left_" : "right_") + (facts.view == "CC" ? "cc" : "mlo");
}

void put(MammogramFacts facts, const GroupOptions& options, MammogramExam& exam) {
  const std::string name = name_of(facts);
  const auto [place, fresh] = exam.views.emplace(name, facts);
  if (fresh) return;
  if (options.duplicates == "error")
    core::fail_data(facts.path.string() + ": is a second " + facts.laterality + " " + facts.view +
                    " beside " + place->second.path.filename().string() +
                    "; remove one of them or let `duplicates` pick the first or the latest");
  if (facts.acquired.empty() || place->second.acquired.empty())
    core::fail_data((facts.acquired.empty() ? facts : place->second).path.string() +
                    ": has no AcquisitionDate (0008,0022), so which " + facts.laterality + " " + facts.view +
                    " is the " + options.duplicates + " is not known; remove one of them");
  const bool later = facts.acquired > place->second.acquired;
  if (later == (options.duplicates == "latest")) std::swap(place->second, facts);
  exam.others.push_back(std::move(facts));
}

}  // namespace

MammogramExam group_views(const std::vector<fs::path>& paths, const GroupOptions& options) {
  const std::vector<std::string> policies{"error", "first", "latest"};
  if (std::ranges::find(policies, options.duplicates) == policies.end())
    core::fail_usage("duplicates: there is no `" + options.duplicates + "`" +
                     core::suggest(options.duplicates, policies));
  MammogramExam exam;
  std::optional<MammogramFacts> first;
  std::string intent_of;  // the file that the intent was first seen in
  std::string intent = options.intent;
  for (const fs::path& path : dicom_files(paths)) {
    MammogramFacts facts = read_mammogram_facts(path);
    if (!first) first = facts;
    check_one_exam(*first, facts);
    if (facts.tomosynthesis != options.tomosynthesis || (!facts.view.empty() && !is_standard(facts))) {
      exam.others.push_back(std::move(facts));
      continue;
    }
    if (facts.laterality != "L" && facts.laterality != "R")
      fail_missing(facts, "ImageLaterality (0020,0062)", "aterality");
    if (facts.view.empty()) fail_missing(facts, "ViewPosition (0018,5101)", "view is");
    if (facts.intent.empty() && !facts.tomosynthesis)
      fail_missing(facts, "PresentationIntentType (0008,0068)", "PresentationIntentType");
    if (!options.intent.empty() && facts.intent != options.intent) {
      exam.others.push_back(std::move(facts));
      continue;
    }
    if (intent.empty()) {
      intent = facts.intent;
      intent_of = path.filename().string();
    } else if (options.intent.empty() && facts.intent != intent) {
      core::fail_data(
          path.string() + ": is " + facts.intent + ", but " + intent_of + " is " + intent +
          " (PresentationIntentType (0008,0068)); their gray levels do not mean the same: say which "
          "intent to keep");
    }
    put(std::move(facts), options, exam);
  }
  if (!first) core::fail_data("there is no mammogram in what was named; name DICOM files or their folder");
  exam.patient_id = first->patient_id;
  return exam;
}

}  // namespace photo51::imaging

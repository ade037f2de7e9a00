// Nothing of the user's is deleted, and no run is passed off for what it is not.
#include <gmock/gmock.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "cli/program.hpp"
#include "photo51/core/table.hpp"

namespace photo51::test {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// An experiment on a table of numbers, which trains in a moment.
class Safety : public ::testing::Test {
 protected:
  void SetUp() override {
    write("cohort.csv", table(0, 40));
    write("config.yaml",
          "cohort: {manifest: cohort.csv, split: {folds: 2, seed: 1}}\n"
          "inputs: {table: {modality: clinical, columns: [a, b]}}\n"
          "model: {encoders: {table: {name: snn, hidden: [4]}}, heads: {idh: {task: binary}, os: {task: "
          "survival}}}\n"
          "train: {epochs: 2, batch_size: 8, workers: 0, threads: 1}\n"
          "evaluate: {bootstrap_samples: 50}\n");
  }
  static std::string table(int begin, int end, bool dead = true) {
    std::string text = "patient,site,a,b,idh,time,event\n";
    for (int i = begin; i < end; ++i)
      text += "P" + std::to_string(i) + "," + (i % 2 == 0 ? "N" : "S") + "," +
              std::to_string((i * 7) % 11 - 5) + "," + std::to_string((i * 5) % 13) + "," +
              std::to_string((i * 7) % 11 > 5 ? 1 : 0) + "," + std::to_string(100 + (i * 37) % 500) + "," +
              (dead && i % 3 != 0 ? "1" : "0") + "\n";
    return text;
  }
  void write(const std::string& name, const std::string& text) {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  Outcome train(const std::string& out, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"train", path("config.yaml"), "--out", path(out), "--quiet"});
    return run_program(more);
  }
  TemporaryFolder folder_;
};

TEST_F(Safety, OutputsIntoARunOrAModelAreRefused) {
  ASSERT_EQ(train("run").exit_code, 0);
  ASSERT_EQ(run_program({"export", path("run"), "--out", path("model")}).exit_code, 0);
  const std::string before = slurp(folder_ / "run/predictions.csv");
  const auto refused = [&](const std::vector<std::string>& arguments) {
    const Outcome outcome = run_program(arguments);
    EXPECT_EQ(outcome.exit_code, 2) << arguments[0];
    EXPECT_THAT(outcome.err,
                AllOf(HasSubstr("new results would replace"), HasSubstr("choose another folder")));
  };
  for (const std::string out : {"run", "model", "run/checkpoints/fold_0"}) {
    refused({"predict", path("run"), "--cases", path("cohort.csv"), "--out", path(out)});
    refused({"evaluate", path("run"), "--cases", path("cohort.csv"), "--out", path(out)});
    refused({"export", path("run"), "--out", path(out)});
    refused({"phantom", "--patients", "4", "--out", path(out)});
    refused({"spots", path("cohort.csv"), "--out", path(out)});
    refused({"radiomics", "image.nii", "mask.nii", "--out", path(out + "/features.csv")});
    refused({"radiomics", "image.nii", "mask.nii", "--maps", path(out)});
    refused({"radiomics", "image.nii", "mask.nii", "--voxelwise", path(out)});
    refused({"inspect", "image.nii", "--sheet", path(out + "/sheet.png")});
  }
  EXPECT_EQ(slurp(folder_ / "run/predictions.csv"), before);
  // A folder that merely has weights in it.
  write("mine/weights_0.safetensors", "mine");
  const Outcome outcome = run_program({"export", path("run"), "--out", path("mine")});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("weights_0.safetensors"));
  EXPECT_EQ(slurp(folder_ / "mine/weights_0.safetensors"), "mine");
}

TEST_F(Safety, OverwriteKeepsConfigManifestAndWhatTheyExtend) {
  ASSERT_EQ(train("run").exit_code, 0);
  write("mine.yaml", "extends: run/config.yaml\ntrain: {epochs: 1}\n");
  for (const std::string config : {"run/config.yaml", "mine.yaml"}) {
    const Outcome outcome =
        run_program({"train", path(config), "--out", path("run"), "--overwrite", "--quiet"});
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("which the new run needs"));
  }
  EXPECT_TRUE(fs::exists(folder_ / "run/predictions.csv"));
  EXPECT_EQ(train("run", {"--overwrite"}).exit_code, 0);
}

TEST_F(Safety, OverridesThatHaveNoEffectAreRefused) {
  ASSERT_EQ(train("run").exit_code, 0);
  write("new.csv", table(100, 120));
  for (const std::string& wrong : {"cohort.manifest=" + path("new.csv"), std::string("cohort.id=nonsense"),
                                   std::string("train.epochs=9"), std::string("model.fusion=gated")}) {
    const Outcome outcome = run_program({"evaluate", path("run"), wrong});
    EXPECT_EQ(outcome.exit_code, 2) << wrong;
    EXPECT_THAT(outcome.err, AllOf(HasSubstr(wrong), HasSubstr("--cases"), HasSubstr("evaluate.*")));
  }
  EXPECT_EQ(run_program({"evaluate", path("run"), "evaluate.confidence=none"}).exit_code, 0);
  for (const std::string command : {"predict", "evaluate"})
    for (const std::string wrong : {"cohort.manifest=x.csv", "cohort.split.folds=3", "cohort.data_root=x"}) {
      const Outcome outcome =
          run_program({command, path("run"), "--cases", path("new.csv"), "--out", path("out"), wrong});
      EXPECT_EQ(outcome.exit_code, 2) << wrong;
      EXPECT_THAT(outcome.err, AllOf(HasSubstr(wrong), HasSubstr("no effect")));
    }
}

TEST_F(Safety, OneHeadThatCannotBeScoredLosesNothing) {
  ASSERT_EQ(train("run").exit_code, 0);
  write("new.csv", table(100, 120, /*dead=*/false));
  const Outcome outcome =
      run_program({"evaluate", path("run"), "--cases", path("new.csv"), "--out", path("out"), "--quiet"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("head os"), HasSubstr("censored")));
  EXPECT_THAT(slurp(folder_ / "out/metrics.csv"), AllOf(HasSubstr("idh,auroc,all,"), Not(HasSubstr("os,"))));
  EXPECT_THAT(slurp(folder_ / "out/predictions.csv"), HasSubstr("P119,os,"));
  EXPECT_THAT(slurp(folder_ / "out/report.html"), HasSubstr("censored"));
  // A label that is none: that head is not scored, the other is.
  write("odd.csv", table(100, 120) + "Q9,N,1,2,perhaps,100,1\n");
  const Outcome odd =
      run_program({"evaluate", path("run"), "--cases", path("odd.csv"), "--out", path("odd"), "--quiet"});
  ASSERT_EQ(odd.exit_code, 0) << odd.err;
  EXPECT_THAT(odd.err, HasSubstr("perhaps"));
  // None at all: the predictions are there all the same.
  write("one.csv", "patient,site,a,b,idh\nQ1,N,1,2,1\nQ2,S,3,4,1\n");
  const Outcome one =
      run_program({"evaluate", path("run"), "--cases", path("one.csv"), "--out", path("one"), "--quiet"});
  EXPECT_EQ(one.exit_code, 3);
  EXPECT_THAT(one.err,
              AllOf(HasSubstr("no head can be scored"), HasSubstr("one class"), HasSubstr("predictions")));
  EXPECT_THAT(slurp(folder_ / "one/predictions.csv"), HasSubstr("Q2,idh,1,"));
  // Cases of which nothing is known are left out; of them alone there is nothing to write.
  write("blank.csv", "patient,site,a,b\nQ1,N,,\nQ2,S,,\n");
  const Outcome blank =
      run_program({"predict", path("run"), "--cases", path("blank.csv"), "--out", path("blank"), "--quiet"});
  EXPECT_EQ(blank.exit_code, 3);
  EXPECT_THAT(blank.err, AllOf(HasSubstr("2 of 2"), HasSubstr("no case could be predicted")));
  EXPECT_FALSE(fs::exists(folder_ / "blank"));
}

TEST_F(Safety, ATableOfExpressionIsLookedForBesideTheNewManifest) {
  const auto expression = [&](int begin, int end) {
    std::string text = "patient\tG1\tG2\n";
    for (int i = begin; i < end; ++i)
      text += "P" + std::to_string(i) + "\t" + std::to_string((i * 7) % 11 - 5) + "\t" +
              std::to_string(i % 4) + "\n";
    return text;
  };
  write("expression.tsv", expression(0, 40));
  ASSERT_EQ(train("run", {"model.heads={genes: {task: expression, table: expression.tsv}}"}).exit_code, 0);
  write("new/cohort.csv", table(100, 120));
  const std::vector<std::string> arguments{"evaluate", path("run"), "--cases", path("new/cohort.csv"),
                                           "--out",    path("out"), "--quiet"};
  const Outcome without = run_program(arguments);
  EXPECT_EQ(without.exit_code, 0) << without.err;  // the other heads are scored
  EXPECT_THAT(without.err,
              AllOf(HasSubstr("head genes is not scored"), HasSubstr(path("new/expression.tsv"))));
  write("new/expression.tsv", expression(100, 120));
  const Outcome outcome = run_program(arguments);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(slurp(folder_ / "out/metrics.csv"), HasSubstr("genes,pearson:G1,all,"));
}

TEST_F(Safety, APartOfARunIsMarkedInEveryOutput) {
  ASSERT_EQ(train("run").exit_code, 0);
  for (const char* gone : {"predictions.csv", "predictions.json", "checkpoints/fold_1/predictions.csv"})
    fs::remove(folder_ / "run" / gone);  // as when it is killed in the second fold
  const auto runs = [&](std::vector<std::string> arguments) {
    EXPECT_NE(run_program(arguments).exit_code, 0) << arguments[0];
    arguments.emplace_back("--allow-unfinished");
    const Outcome outcome = run_program(arguments);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return outcome;
  };
  runs({"predict", path("run"), "--cases", path("cohort.csv"), "--out", path("a")});
  runs({"evaluate", path("run"), "--cases", path("cohort.csv"), "--out", path("b")});
  runs({"evaluate", path("run")});
  runs({"export", path("run"), "--out", path("model")});
  runs({"predict", path("model"), "--cases", path("cohort.csv"), "--out", path("c")});
  const Outcome one =
      runs({"predict", path("run"), "--input", "table.a=1", "--input", "table.b=2", "--json"});
  EXPECT_THAT(one.out, HasSubstr("fold_1"));
  for (const char* file : {"a/predictions.csv", "a/predictions.json", "b/predictions.csv",
                           "b/predictions.json", "b/metrics.csv", "b/report.html", "run/metrics.csv",
                           "run/report.html", "model/model.yaml", "c/predictions.csv", "c/predictions.json"})
    EXPECT_THAT(slurp(folder_ / file), HasSubstr("fold_1")) << file;
  ASSERT_EQ(train("run", {"--resume"}).exit_code, 0);
  for (const char* file : {"run/predictions.csv", "run/metrics.csv", "run/report.html"})
    EXPECT_THAT(slurp(folder_ / file), Not(HasSubstr("not trained to the end"))) << file;
}

TEST_F(Safety, APublishedModelDoesNotKnowTheFolderOfTheData) {
  // Clinical columns need no files; a folder that is not there must be said, not passed over.
  const Outcome outcome = train("run", {"--data-root", path("nowhere")});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("--data-root"), HasSubstr("nowhere")));
  ASSERT_EQ(train("run", {"--data-root", folder_.path().string()}).exit_code, 0);
  ASSERT_EQ(run_program({"export", path("run"), "--out", path("model")}).exit_code, 0);
  EXPECT_THAT(slurp(folder_ / "model/model.yaml"), Not(HasSubstr("data_root")));
}

/// The images of the small cohort, each a file of its own, so that one can be damaged.
class SafetyOfImages : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto manifest = core::read_table(cohort() / "cohort.csv");
    fs::create_directories(folder_ / "data");
    for (const auto& entry : fs::directory_iterator(cohort())) {
      if (!entry.is_directory()) {
        fs::copy_file(entry.path(), folder_ / "data" / entry.path().filename().string());
        continue;
      }
      const auto to = folder_ / "data" / entry.path().filename().string();
      fs::create_directory(to);
      for (const char* file : {"flair.nii.gz", "seg.nii.gz"})
        if (fs::exists(entry.path() / file)) fs::copy_file(entry.path() / file, to / file);
    }
    const size_t flair = manifest.require("flair"), id = manifest.require("patient");
    for (const auto& row : manifest.rows)
      if (!row[flair].empty()) {
        bad_ = row[id];
        file_ = folder_ / "data" / row[flair];
        break;
      }
    ASSERT_TRUE(fs::exists(file_));
    whole_ = slurp(file_);
  }
  std::vector<std::string> arguments(const std::string& out,
                                     const std::vector<std::string>& more = {}) const {
    std::vector<std::string> all{"train",
                                 tiny_config().string(),
                                 manifest_override(folder_ / "data/cohort.csv"),
                                 "cohort.split={test_fraction: 0, folds: 2, seed: 5}",
                                 "train.cache_mib=0",
                                 "--out",
                                 (folder_ / out).string(),
                                 "--quiet"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  /// A run of 8 epochs into `run` that finds the file damaged after its first fold.
  void stop_on_a_bad_file() const {
    const pid_t child = start_program(arguments("run", {"train.epochs=8"}), folder_.path());
    const auto patience = std::chrono::steady_clock::now() + std::chrono::minutes(5);
    while (!fs::exists(folder_ / "run/checkpoints/fold_0/predictions.csv") &&
           std::chrono::steady_clock::now() < patience)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::ofstream(file_, std::ios::binary) << whole_.substr(0, whole_.size() / 2);
    ASSERT_EQ(wait_for(child), 3) << slurp(folder_ / "stderr.txt");
  }

  TemporaryFolder folder_;
  fs::path file_;
  std::string bad_, whole_;
};

TEST_F(SafetyOfImages, ARunThatStoppedOnABadFileGoesOn) {
  const auto run = folder_ / "run";
  ASSERT_NO_FATAL_FAILURE(stop_on_a_bad_file());
  EXPECT_THAT(slurp(run / "stopped.json"), AllOf(HasSubstr("\"" + bad_ + "\""), HasSubstr("flair.nii.gz")));
  const std::string fold_0 = slurp(run / "checkpoints/fold_0/best.safetensors");
  // Mended to other bytes of the same image: packed anew.
  const std::string packed = (folder_ / "packed.gz").string(), original = (folder_ / "whole.nii.gz").string();
  std::ofstream(original, std::ios::binary) << whole_;
  ASSERT_EQ(std::system(("gzip -dc " + original + " | gzip -1 > " + packed).c_str()), 0);
  ASSERT_NE(slurp(packed), whole_);
  fs::copy_file(packed, file_, fs::copy_options::overwrite_existing);
  const Outcome resumed = run_program(arguments("run", {"train.epochs=8", "--resume"}));
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(slurp(run / "checkpoints/fold_0/best.safetensors"), fold_0) << "a finished fold is kept";
  EXPECT_THAT(slurp(run / "predictions.csv"), HasSubstr(bad_ + ","));
  // It is not the case on which the run stopped any more, so it may not differ again.
  std::ofstream(file_, std::ios::binary) << whole_;
  const Outcome changed = run_program(arguments("run", {"train.epochs=8", "--resume"}));
  EXPECT_EQ(changed.exit_code, 2);
  EXPECT_THAT(changed.err, AllOf(HasSubstr("case " + bad_), HasSubstr("has changed")));
}

TEST_F(SafetyOfImages, OrLeavesTheCaseOut) {
  const auto run = folder_ / "run";
  ASSERT_NO_FATAL_FAILURE(stop_on_a_bad_file());
  const std::string fold_0 = slurp(run / "checkpoints/fold_0/best.safetensors");
  const Outcome resumed =
      run_program(arguments("run", {"train.epochs=8", "cohort.on_bad_case=skip", "--resume"}));
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(slurp(run / "checkpoints/fold_0/best.safetensors"), fold_0);
  EXPECT_THAT(resumed.err, HasSubstr(bad_ + " is left out"));
  EXPECT_THAT(slurp(run / "checkpoints/fold_1/predictions.csv"), Not(HasSubstr(bad_ + ",")));
  EXPECT_EQ(run_program({"evaluate", run.string(), "--quiet"}).exit_code, 0);
}

TEST_F(SafetyOfImages, AFileThatWentBadWhileTheRunRestedDoesNotEndIt) {
  const auto run = folder_ / "run";
  ASSERT_EQ(run_program(arguments("run", {"train.epochs=1"})).exit_code, 0);
  const std::string fold_0 = slurp(run / "checkpoints/fold_0/best.safetensors");
  fs::remove_all(run / "checkpoints/fold_1");  // as when it is killed in the second fold
  fs::remove(run / "predictions.csv");
  std::ofstream(file_, std::ios::binary) << "no image";  // so bad that it is seen before anything starts
  const Outcome refused = run_program(arguments("run", {"train.epochs=1", "--resume"}));
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.err, HasSubstr("case " + bad_));
  fs::copy(run, folder_ / "other", fs::copy_options::recursive);
  const Outcome skipped =
      run_program(arguments("other", {"train.epochs=1", "cohort.on_bad_case=skip", "--resume"}));
  EXPECT_EQ(skipped.exit_code, 0) << skipped.err;
  const std::string packed = (folder_ / "packed.gz").string(), original = (folder_ / "whole.nii.gz").string();
  std::ofstream(original, std::ios::binary) << whole_;
  ASSERT_EQ(std::system(("gzip -dc " + original + " | gzip -1 > " + packed).c_str()), 0);
  fs::copy_file(packed, file_, fs::copy_options::overwrite_existing);
  const Outcome resumed = run_program(arguments("run", {"train.epochs=1", "--resume"}));
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  for (const char* name : {"run", "other"})
    EXPECT_EQ(slurp(folder_ / name / "checkpoints/fold_0/best.safetensors"), fold_0);
}

TEST_F(SafetyOfImages, ARunAndItsDataMayLieApart) {
  // The manifest elsewhere than the files that it names.
  fs::create_directory(folder_ / "lists");
  fs::rename(folder_ / "data/cohort.csv", folder_ / "lists/cohort.csv");
  const auto moved = manifest_override(folder_ / "lists/cohort.csv");
  const auto data = (folder_ / "data").string();
  EXPECT_EQ(run_program(arguments("run", {"train.epochs=1", moved})).exit_code, 3);
  const Outcome trained = run_program(arguments("run", {"train.epochs=1", moved, "--data-root", data}));
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  const Outcome checked = run_program({"doctor", tiny_config().string(), moved, "--data-root", data});
  EXPECT_EQ(checked.exit_code, 0) << checked.err;
  const std::string run = (folder_ / "run").string(), manifest = (folder_ / "lists/cohort.csv").string();
  for (const std::string command : {"predict", "evaluate"}) {
    EXPECT_NE(run_program({command, run, "--cases", manifest, "--out", (folder_ / "no").string()}).exit_code,
              0);
    const Outcome outcome = run_program({command, run, "--cases", manifest, "--out",
                                         (folder_ / command).string(), "--data-root", data, "--quiet"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  }
  // The files move on: the run is scored again, and goes on, from there.
  fs::rename(data, folder_ / "archive");
  EXPECT_EQ(run_program({"evaluate", run}).exit_code, 2);
  const std::string archive = (folder_ / "archive").string();
  EXPECT_EQ(run_program({"evaluate", run, "--data-root", archive, "--quiet"}).exit_code, 0);
  const Outcome resumed =
      run_program(arguments("run", {"train.epochs=1", moved, "--data-root", archive, "--resume"}));
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(run_program({"evaluate", run, "--quiet"}).exit_code, 0);
}

}  // namespace
}  // namespace photo51::test

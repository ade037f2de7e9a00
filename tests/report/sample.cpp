#include "sample.hpp"

#include <algorithm>
#include <cmath>

#include "photo51/core/random.hpp"

namespace photo51::report {

namespace {

double logistic(double x) {
  return 1 / (1 + std::exp(-x));
}

data::TaskSpec spec_of(const std::string& head, const std::string& kind) {
  data::TaskSpec spec;
  spec.head = head;
  spec.task = kind;
  spec.column = head;
  spec.event_column = "event";
  return spec;
}

std::vector<evaluation::Metric> scored(const ReportInput& input, bool test, const std::string& prefix) {
  evaluation::EvaluateOptions options;
  options.bootstrap_samples = 300;
  auto some = input.predictions;
  std::erase_if(some, [&](const auto& prediction) {
    return std::none_of(input.cases.begin(), input.cases.end(), [&](const CaseRow& row) {
      return row.id == prediction.case_id && (row.part == "test") == test;
    });
  });
  auto metrics = evaluation::evaluate(some, input.truth, options);
  for (auto& metric : metrics)
    if (!prefix.empty()) metric.group = metric.group == "all" ? prefix : prefix + "/" + metric.group;
  return metrics;
}

}  // namespace

std::string tiny_png() {
  static const unsigned char bytes[] = {
      0x89, 'P',  'N',  'G',  0x0d, 0x0a, 0x1a, 0x0a, 0,    0,    0,    0x0d, 'I',  'H',  'D',  'R',  0,
      0,    0,    1,    0,    0,    0,    1,    8,    0,    0,    0,    0,    0x3a, 0x7e, 0x9b, 0x55, 0,
      0,    0,    0x0a, 'I',  'D',  'A',  'T',  0x78, 0x9c, 0x63, 0x68, 0,    0,    0,    0x82, 0,    0x81,
      0x77, 0xcd, 0x72, 0xb6, 0,    0,    0,    0,    'I',  'E',  'N',  'D',  0xae, 0x42, 0x60, 0x82};
  return {reinterpret_cast<const char*>(bytes), sizeof(bytes)};
}

ReportInput sample_input() {
  ReportInput input;
  input.title = "1p/19q co-deletion, expression cluster and survival from MRI";
  input.question = {
      "Can a preoperative MRI (T1 with contrast and FLAIR) tell whether a lower-grade glioma is co-deleted "
      "for "
      "1p/19q, which expression cluster it belongs to and how its course will be?",
      "The model was built on two hospitals (DU, FG) and tried on a third (CS) that it had never seen."};
  auto codel = spec_of("codel", "binary"), cluster = spec_of("rna_cluster", "multiclass");
  codel.positive = {"co-deleted"};
  cluster.classes = {"R1", "R2", "R3"};
  input.truth.specs = {codel, cluster, spec_of("os", "survival"), spec_of("purity", "regression")};
  core::Random random({51});
  for (int i = 0; i < 150; ++i) {
    const std::string site = i % 5 < 2 ? "CS" : i % 5 < 4 ? "DU" : "FG";
    const std::string id = "TCGA_" + site + "_" + std::to_string(4000 + 37 * i);
    CaseRow row{id, site, site == "CS" ? "test" : "development", {}};
    row.inputs = {{"mri", true}, {"genes", !random.chance(0.2)}};
    input.cases.push_back(row);
    input.truth.groups["site"][id] = site;
    const double blur = site == "CS" ? 1.5 : 1.1;
    const bool positive = random.chance(0.3);
    const double p = logistic((positive ? 0.9 : -1.3) + blur * random.normal()),
                 spread = 0.02 + 0.12 * random.uniform();
    input.truth.labels["codel"][id] = {i % 17 != 0, positive ? 1.0 : 0.0, false, {}};
    input.predictions.push_back(
        {id, "codel", "0", 1 - p, std::max(0.0, 1 - p - spread), std::min(1.0, 1 - p + spread)});
    input.predictions.push_back({id, "codel", "1", p, std::max(0.0, p - spread), std::min(1.0, p + spread)});
    const auto truth = static_cast<size_t>(random.below(3));
    double weight[3], sum = 0;
    for (size_t c = 0; c < 3; ++c)
      sum += (weight[c] = std::exp((c == truth ? 1.0 : 0.0) + 0.9 * random.normal()));
    for (size_t c = 0; c < 3; ++c)
      input.predictions.push_back({id, "rna_cluster", cluster.classes[c], weight[c] / sum,
                                   weight[c] / sum * 0.8, std::min(1.0, weight[c] / sum * 1.2)});
    input.truth.labels["rna_cluster"][id] = {true, static_cast<double>(truth), false, {}};
    const double risk = random.normal(),
                 life = -1500 * std::log(1 - random.uniform()) * std::exp(-0.8 * risk);
    const double seen = random.uniform(200, 3000);
    input.predictions.push_back({id, "os", "", risk, risk - 0.3, risk + 0.3});
    input.truth.labels["os"][id] = {true, std::round(std::min(life, seen)), life <= seen, {}};
    const double purity = random.uniform(0.2, 0.95);
    input.predictions.push_back({id, "purity", "", purity + 0.3 * random.normal(), 0, 0});
    input.truth.labels["purity"][id] = {true, purity, false, {}};
  }
  input.metrics = scored(input, true, "");
  for (auto& metric : scored(input, false, "cross_validation")) input.metrics.push_back(std::move(metric));
  for (int fold = 0; fold < 5; ++fold) {
    TrainingCurve curve{"fold " + std::to_string(fold), {}, {}};
    for (int epoch = 0; epoch < 40; ++epoch) {
      curve.training_loss.push_back(0.25 + 0.5 * std::exp(-epoch / 12.0) + 0.02 * random.normal());
      curve.validation_loss.push_back(0.45 + 0.3 * std::exp(-epoch / 9.0) + 0.04 * random.normal());
    }
    input.curves.push_back(curve);
  }
  for (int i = 0; i < 4; ++i)
    input.pictures.push_back({input.cases[static_cast<size_t>(5 * i)].id, tiny_png(),
                              "FLAIR, largest slice of the lesion; outline: tumour",
                              i == 2 ? "not co-deleted 0.71 (0.60–0.83)" : "co-deleted 0.83 (0.71–0.90)",
                              "co-deleted", i != 2});
  input.model = {{"input mri", "t1c, flair and tumour mask, 1 mm, 96³ voxels around the tumour"},
                 {"encoder mri", "resnet, depth 18, 3D"},
                 {"input genes", "expression of 50 hallmark sets"},
                 {"encoder genes", "self-normalising network, 2 layers"},
                 {"fusion", "gated"},
                 {"heads", "codel (binary), rna_cluster (3 classes), os (Cox, Efron), purity (regression)"},
                 {"training", "40 epochs, AdamW, lr 0.0003, 5 folds x 2 repeats"}};
  input.warnings = {"3 cases were skipped: their FLAIR file ends early"};
  input.made_by = "photo51 0.1.0, 24 November 2026, seed 7";
  return input;
}

}  // namespace photo51::report

#include <gtest/gtest.h>

#include <map>

#include "parity/peer.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/random.hpp"
#include "photo51/core/table.hpp"
#include "photo51/core/text.hpp"
#include "photo51/evaluation/classification.hpp"
#include "photo51/evaluation/regression.hpp"
#include "photo51/evaluation/survival.hpp"
#include "support/shared_data.hpp"

namespace photo51::evaluation {
namespace {

/// Patients with many ties.
struct Patients {
  std::vector<double> p, several, time, risk, guess;
  std::vector<int> y, k, said;
  Events event, group;

  std::string csv() const {
    std::string text = "p,y,p0,p1,p2,k,time,event,risk,guess\n";
    for (size_t i = 0; i < p.size(); ++i) {
      for (const double value : {p[i], 1.0 * y[i], several[3 * i], several[3 * i + 1], several[3 * i + 2],
                                 1.0 * k[i], time[i], 1.0 * event[i], risk[i], guess[i]})
        text += core::format_number(value) + ",";
      text.back() = '\n';
    }
    return text;
  }
};

Patients random_patients(uint64_t seed) {
  core::Random random({seed, core::hash_key("patients")});
  Patients patients;
  for (int i = 0; i < 120; ++i) {
    patients.y.push_back(random.chance(0.35));
    patients.p.push_back(static_cast<double>(1 + random.below(25) + (patients.y.back() ? 8 : 0)) / 40);
    patients.said.push_back(patients.p.back() >= 0.5);
    const double a = static_cast<double>(1 + random.below(6)), b = static_cast<double>(1 + random.below(6));
    patients.several.insert(patients.several.end(), {a / (a + b + 2), b / (a + b + 2), 2 / (a + b + 2)});
    patients.k.push_back(static_cast<int>(random.below(3)));
    patients.time.push_back(static_cast<double>(1 + random.below(40)));
    patients.event.push_back(random.chance(0.6));
    patients.risk.push_back(static_cast<double>(random.below(15)) / 3 - patients.time.back() / 20);
    patients.guess.push_back(patients.time.back() + 10 * random.normal());
    patients.group.push_back(static_cast<char>(patients.y.back()));
  }
  return patients;
}

class Statistics : public test::PeerSuite<Statistics, testing::TestWithParam<uint64_t>> {
 public:
  static constexpr const char* kScript = "peer_statistics.py";
};

TEST_P(Statistics, AgreeWithThePeers) {
  const test::TemporaryFolder folder;
  const auto c = random_patients(GetParam());
  core::write_file_atomic(folder / "cases.csv", c.csv());
  ASSERT_TRUE(peer_->ask({(folder / "cases.csv").string(), (folder / "out.csv").string()}));
  std::map<std::string, double> peer;
  for (const auto& row : core::read_table(folder / "out.csv").rows)
    peer[row[0]] = core::parse_double(row[1]).value();

  std::map<std::string, double> ours{{"auroc", auroc(c.p, c.y)},
                                     {"auprc", auprc(c.p, c.y)},
                                     {"brier", brier(c.p, c.y)},
                                     {"log_loss", log_loss(c.p, c.y)},
                                     {"balanced_accuracy", balanced_accuracy(c.said, c.y)},
                                     {"macro_auroc", macro_auroc(c.several, c.k, 3)},
                                     {"c_index", c_index(c.time, c.event, c.risk)},
                                     {"mae", mean_absolute_error(c.guess, c.time)},
                                     {"rmse", root_mean_squared_error(c.guess, c.time)},
                                     {"r2", r_squared(c.guess, c.time)},
                                     {"pearson", pearson(c.guess, c.time)},
                                     {"spearman", spearman(c.guess, c.time)},
                                     {"log_rank", log_rank(c.time, c.event, c.group).chi_square},
                                     {"log_rank_p", log_rank(c.time, c.event, c.group).p}};
  const auto curve = kaplan_meier(c.time, c.event);
  for (size_t i = 0; i < curve.size(); ++i) {
    ours["survival_" + std::to_string(i)] = curve[i].survival;
    ours["low_" + std::to_string(i)] = curve[i].low;
    ours["high_" + std::to_string(i)] = curve[i].high;
  }
  ASSERT_EQ(ours.size(), peer.size());
  for (const auto& [name, value] : ours) EXPECT_NEAR(value, peer.at(name), 1e-10) << name;
}

INSTANTIATE_TEST_SUITE_P(Seeds, Statistics, testing::Values(1, 2, 3));

}  // namespace
}  // namespace photo51::evaluation

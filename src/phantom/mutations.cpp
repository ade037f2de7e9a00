#include "phantom/mutations.hpp"

#include <array>

#include "photo51/core/text.hpp"

namespace photo51::phantom {
namespace {

constexpr int kBystanderGenes = 20;
constexpr double kSilentDriver = 0.08;     // probability of a silent variant in a driver
constexpr double kSilentBystander = 0.30;  // of a bystander's variants

struct Locus {
  std::string gene;
  int chromosome;
  int64_t start;
  double frequency;  ///< of bystanders
};

/// The same for every seed, as the gene panel.
const std::vector<Locus>& loci() {
  static const std::vector<Locus> table = [] {
    std::vector<Locus> made;
    core::Random random({core::hash_key("phantom loci")});
    const auto add = [&](const std::string& gene) {
      const auto chromosome = static_cast<int>(1 + random.below(22));
      const auto start = static_cast<int64_t>(1'000'000 + random.below(40'000'000));
      made.push_back({gene, chromosome, start, random.uniform(0.02, 0.25)});
    };
    for (const Driver& driver : kDrivers) add(driver.name);
    for (int k = 1; k <= kBystanderGenes; ++k) add("MUT" + std::to_string(k));
    return made;
  }();
  return table;
}

std::string row(const Locus& locus, const Patient& patient, bool silent, core::Random& random) {
  static constexpr std::array<const char*, 4> kChanges{"Missense_Mutation", "Missense_Mutation",
                                                       "Nonsense_Mutation", "Splice_Site"};
  static constexpr std::string_view kBases = "ACGT";
  const auto offset = static_cast<int64_t>(random.below(3000));
  const size_t from = random.below(4), to = (from + 1 + random.below(3)) % 4;
  const int64_t depth = 60 + static_cast<int64_t>(random.below(140));
  const auto alternate = static_cast<int64_t>(static_cast<double>(depth) * random.uniform(0.15, 0.5));
  const std::string place = std::to_string(locus.start + offset);
  const std::string reference(1, kBases[from]), other(1, kBases[to]);
  return core::join({locus.gene, "GRCh38", "chr" + std::to_string(locus.chromosome), place, place, "+",
                     silent ? "Silent" : kChanges[random.below(kChanges.size())], "SNP", reference, reference,
                     other, patient.id, std::to_string(depth), std::to_string(depth - alternate),
                     std::to_string(alternate)},
                    "\t") +
         "\n";
}

}  // namespace

std::string mutation_table(const std::vector<Patient>& patients, int64_t seed) {
  std::string text =
      "#version 2.4\n"
      "Hugo_Symbol\tNCBI_Build\tChromosome\tStart_Position\tEnd_Position\tStrand\tVariant_Classification\t"
      "Variant_Type\tReference_Allele\tTumor_Seq_Allele1\tTumor_Seq_Allele2\tTumor_Sample_Barcode\tt_depth\t"
      "t_ref_count\tt_alt_count\n";
  for (const Patient& patient : patients) {
    if (!patient.has_mutations) continue;
    core::Random random = stream(seed, patient.index, "variants");
    for (size_t k = 0; k < loci().size(); ++k) {
      const Locus& locus = loci()[k];
      if (k < kDrivers.size()) {
        if ((patient.drivers >> k & 1U) != 0) text += row(locus, patient, false, random);
        if (random.chance(kSilentDriver)) text += row(locus, patient, true, random);
      } else if (random.chance(locus.frequency)) {
        text += row(locus, patient, random.chance(kSilentBystander), random);
      }
    }
  }
  return text;
}

}  // namespace photo51::phantom

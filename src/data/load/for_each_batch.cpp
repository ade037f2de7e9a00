#include "photo51/data/load/for_each_batch.hpp"

#include "photo51/core/error.hpp"

namespace photo51::data {

void for_each_batch(const Cohort& cohort, const CaseLoader& cases, const FittedTransforms& fitted,
                    BatchPass pass, const std::function<bool(const Batch& batch)>& each) {
  Loader loader(cohort, cases, fitted, std::move(pass.rows), pass.key, std::move(pass.loading));
  Batch batch;
  const auto next = [&] {
    try {
      return loader.next(batch);
    } catch (const core::Error& error) {
      if (error.fault() == core::Fault::interrupted && pass.on_interrupt) pass.on_interrupt();
      throw;
    }
  };
  while (next())
    if (!each(batch)) return;
}

}  // namespace photo51::data

// `photo51_bench WORK [ARGUMENT…]`: one work of tools/bench.
#include "bench.hpp"

#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>

namespace photo51::bench {

void print_median(int warm_up, int repeats, const std::function<void()>& work) {
  std::vector<double> seconds;
  for (int i = 0; i < warm_up + repeats; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    if (i >= warm_up)
      seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  std::sort(seconds.begin(), seconds.end());
  std::printf("{\"seconds\": %.6f}\n", seconds[seconds.size() / 2]);
}

namespace {

struct Work {
  const char* name;
  size_t arguments;
  void (*run)(const Arguments&);
};

constexpr Work works[] = {{"augment", 0, augment},
                          {"hausdorff", 0, hausdorff},
                          {"preprocess", 1, preprocess},
                          {"radiomics", 3, radiomics},
                          {"radiomics_maps", 3, radiomics_maps},
                          {"train_step", 6, train_step},
                          {"sliding_window", 3, sliding_window},
                          {"make_slide", 2, make_slide},
                          {"tiles", 2, tiles},
                          {"tiles_bare", 2, tiles_bare},
                          {"mil", 4, mil},
                          {"embed", 4, embed}};

}  // namespace
}  // namespace photo51::bench

int main(int argc, char** argv) try {
  at::set_num_threads(2);
  const photo51::bench::Arguments arguments(argv + std::min(argc, 2), argv + argc);
  for (const auto& work : photo51::bench::works)
    if (argc > 1 && std::string(argv[1]) == work.name && arguments.size() == work.arguments) {
      work.run(arguments);
      return EXIT_SUCCESS;
    }
  std::fprintf(stderr, "usage: photo51_bench WORK ARGUMENT…\n");
  for (const auto& work : photo51::bench::works)
    std::fprintf(stderr, "  %s (%zu)\n", work.name, work.arguments);
  return EXIT_FAILURE;
} catch (const std::exception& error) {
  std::fprintf(stderr, "photo51_bench: %s\n", error.what());
  return EXIT_FAILURE;
}

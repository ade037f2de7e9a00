#pragma once
/// Marks what both a GPU and the CPU run.

#ifdef __CUDACC__
#define PHOTO51_DEVICE __host__ __device__
#else
#define PHOTO51_DEVICE
#endif

/// Before a short loop whose sums a GPU keeps in registers.
#ifdef __CUDA_ARCH__
#define PHOTO51_UNROLL _Pragma("unroll")
#else
#define PHOTO51_UNROLL
#endif

#pragma once
/// Marks what both a GPU and the CPU run.

#ifdef __CUDACC__
#define PHOTO51_DEVICE __host__ __device__
#else
#define PHOTO51_DEVICE
#endif

# Kernels for GPUs are compiled where tools/setup --nvcc has put NVIDIA's compiler, whatever LibTorch there is, since they
# see none of it; with PHOTO51_CUDA they must be, if need be by a compiler of this machine.
set(PHOTO51_CUDA_KERNELS OFF)
if(PHOTO51_CUDA OR (EXISTS ${PHOTO51_PRIVATE_NVCC} AND NOT PHOTO51_SANITIZE AND NOT PHOTO51_FUZZ))
  set(PHOTO51_CUDA_KERNELS ON)
endif()
if(PHOTO51_CUDA_KERNELS)
  if(EXISTS ${PHOTO51_PRIVATE_NVCC} AND NOT CMAKE_CUDA_COMPILER AND NOT DEFINED ENV{CUDACXX})
    set(CMAKE_CUDA_COMPILER ${PHOTO51_PRIVATE_NVCC})
  endif()
  # What CMake tries the compiler with; those that it would try by itself are too old for CUDA 13.
  set(CMAKE_CUDA_ARCHITECTURES ${PHOTO51_CUDA_ARCHITECTURES})
  enable_language(CUDA)
endif()

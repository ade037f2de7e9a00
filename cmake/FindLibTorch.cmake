# Finds LibTorch without its own CMake package, which wants a CUDA toolkit for a CUDA build and links every
# CUDA library. Looks into the checkout's private copy (made by tools/setup) and then into CMAKE_PREFIX_PATH: a
# LibTorch folder or the `torch` folder of an installed wheel, CPU-only or CUDA.
#
#   LibTorch::torch   libtorch_cpu + libc10 and their headers: what a CPU program needs
#   LibTorch_ROOT_DIR the folder that was found
find_path(LibTorch_INCLUDE_DIR NAMES ATen/ATen.h
          HINTS ${LibTorch_ROOT} ${PHOTO51_PRIVATE_LIBTORCH}
          PATH_SUFFIXES include torch/include libtorch/include)
if(LibTorch_INCLUDE_DIR)
  get_filename_component(LibTorch_ROOT_DIR ${LibTorch_INCLUDE_DIR} DIRECTORY)
  find_library(LibTorch_CPU_LIBRARY torch_cpu PATHS ${LibTorch_ROOT_DIR}/lib NO_DEFAULT_PATH)
  find_library(LibTorch_C10_LIBRARY c10 PATHS ${LibTorch_ROOT_DIR}/lib NO_DEFAULT_PATH)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
  LibTorch REQUIRED_VARS LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY LibTorch_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "run tools/setup, or pass -DCMAKE_PREFIX_PATH=<the folder of a LibTorch>")

if(LibTorch_FOUND AND NOT TARGET LibTorch::torch)
  add_library(LibTorch::c10 SHARED IMPORTED)
  set_target_properties(LibTorch::c10 PROPERTIES IMPORTED_LOCATION ${LibTorch_C10_LIBRARY})
  add_library(LibTorch::torch SHARED IMPORTED)
  set_target_properties(
    LibTorch::torch
    PROPERTIES IMPORTED_LOCATION ${LibTorch_CPU_LIBRARY}
               INTERFACE_INCLUDE_DIRECTORIES
               "${LibTorch_INCLUDE_DIR};${LibTorch_INCLUDE_DIR}/torch/csrc/api/include"
               INTERFACE_SYSTEM_INCLUDE_DIRECTORIES
               "${LibTorch_INCLUDE_DIR};${LibTorch_INCLUDE_DIR}/torch/csrc/api/include"
               INTERFACE_LINK_LIBRARIES LibTorch::c10
               # A CUDA build of torch_cpu names libcupti and libcudart, which the linker need not see.
               INTERFACE_LINK_OPTIONS "LINKER:--allow-shlib-undefined")
endif()
if(PHOTO51_CUDA AND LibTorch_FOUND)
  find_library(LibTorch_CUDA_LIBRARY torch_cuda PATHS ${LibTorch_ROOT_DIR}/lib NO_DEFAULT_PATH)
  if(NOT LibTorch_CUDA_LIBRARY)
    message(FATAL_ERROR "PHOTO51_CUDA is on, but ${LibTorch_ROOT_DIR} is a LibTorch without CUDA; run tools/setup --cuda")
  endif()
endif()
mark_as_advanced(LibTorch_CUDA_LIBRARY LibTorch_INCLUDE_DIR LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY)

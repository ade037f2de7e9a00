# Warnings are errors for our own code; optimisation for the machines of the last ten years (AVX2 is chosen at run
# time where it matters); ccache and a faster linker where they are installed.
add_library(photo51_flags INTERFACE)
target_compile_options(photo51_flags INTERFACE -Wall -Wextra -Wpedantic -Werror -Wshadow -Wnon-virtual-dtor
                                               -Wold-style-cast -Woverloaded-virtual)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # g++ 12 warns about std::string itself here (GCC bug 105651).
  target_compile_options(photo51_flags INTERFACE -Wno-restrict)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  set(CMAKE_CXX_FLAGS_DEBUG "-g1 -O1")
endif()
if(PHOTO51_SANITIZE)
  # The instrumented code defeats this warning's analysis: it then fires inside LibTorch's headers.
  target_compile_options(photo51_flags INTERFACE -Wno-maybe-uninitialized)
  add_compile_options(-fsanitize=${PHOTO51_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${PHOTO51_SANITIZE})
endif()
# What the library and the program carry against a file that finds a fault in them. Tests are compiled without
# optimisation, which _FORTIFY_SOURCE needs.
add_library(photo51_hardening INTERFACE)
target_compile_options(photo51_hardening INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fstack-protector-strong>)
if(NOT PHOTO51_SANITIZE)
  target_compile_options(photo51_hardening INTERFACE $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CONFIG:Release>>:-D_FORTIFY_SOURCE=2>)
endif()
target_link_options(photo51_hardening INTERFACE LINKER:-z,relro,-z,now,-z,noexecstack)
if(PHOTO51_FUZZ)
  # Another compiler has other warnings.
  target_compile_options(photo51_flags INTERFACE -Wno-error)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # Precompiled headers need the sloppiness, or nothing is ever found in the cache; a base lets clones share it.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE_PROGRAM})
  add_compile_options($<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:GNU>>:-fpch-preprocess>)
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 12.1)
  add_link_options(-fuse-ld=mold)
endif()

# Every library the project stands on. All but LibTorch come from Debian; tools/setup installs them.
find_package(LibTorch REQUIRED)
find_package(Threads REQUIRED)
find_package(Eigen3 REQUIRED NO_MODULE)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_path(MUSTACHE_INCLUDE_DIR kainjow/mustache.hpp REQUIRED)
find_package(ZLIB REQUIRED)
find_package(TIFF REQUIRED)
find_package(PNG REQUIRED)
# OME-XML.
find_package(EXPAT REQUIRED)
find_package(DCMTK REQUIRED)
# DICOM's compressed pixels. OpenJPEG's own package file names programs that Debian keeps elsewhere.
find_package(JPEG REQUIRED)
find_path(OPENJPEG_INCLUDE_DIR openjpeg-2.5/openjpeg.h REQUIRED)
find_library(OPENJPEG_LIBRARY openjp2 REQUIRED)
find_path(CHARLS_INCLUDE_DIR charls/charls.h REQUIRED)
find_library(CHARLS_LIBRARY charls REQUIRED)
find_path(OPENSLIDE_INCLUDE_DIR openslide/openslide.h REQUIRED)
find_library(OPENSLIDE_LIBRARY openslide REQUIRED)
find_path(XXHASH_INCLUDE_DIR xxhash.h REQUIRED)
find_library(XXHASH_LIBRARY xxhash REQUIRED)
# Only what imaging uses: every module more is start-up time. The IO factories are registered by hand.
find_package(ITK 5.2 REQUIRED COMPONENTS ITKCommon ITKIOImageBase ITKIONIFTI ITKIONRRD ITKIOMeta)
# Files of features, as other programs write them; ITK's own package depends on it, too.
find_path(HDF5_HEADERS hdf5.h PATH_SUFFIXES hdf5/serial REQUIRED)
find_library(HDF5_SERIAL_LIBRARY NAMES hdf5_serial hdf5 REQUIRED)
# Tree ensembles. Debian's package has no CMake file of its own.
find_path(XGBOOST_INCLUDE_DIR xgboost/c_api.h REQUIRED)
find_library(XGBOOST_LIBRARY xgboost REQUIRED)
